import Testing

/// A configuration that is wrong, as somebody meets it who runs a step.
struct BadInputConfigurationTests {
    @Test("a broken ork.yaml is refused with its line, and nobody is asked", arguments: files)
    func configuration(_ input: BadInput) async throws { try await input.expectRefusal() }

    /// A file whose lines from the fifth on are `lines`, inside the rotation `a`.
    private static func rotation(_ what: String, _ lines: String, _ error: String) -> BadInput {
        let body = lines.split(separator: "\n").map { "    \($0)\n" }.joined()
        return file(what, "version: 1\nrotations:\n  a:\n    predecessor: {name: app}\n" + body, error)
    }

    private static func file(_ what: String, _ text: String, _ error: String) -> BadInput {
        BadInput(what, "ork-create", files: ["ork.yaml": text], 65, error)
    }

    private static let minimum = "version: 1\nrotations:\n  a: {predecessor: {name: app}}\n"

    static let files: [BadInput] = [
        file("an empty file", "\n", ""),
        file("no YAML", "version: 1\nrotations: {a: [\n", ""),
        file("a tab as indentation", "version: 1\nrotations:\n\ta: 1\n", ""),
        file("JSON that is cut off", "{\"version\": 1, \"rotations\": {\"a\"", ""),
        file("HTML", "<!DOCTYPE html>\n<html><body>Sign in</body></html>\n", ""),
        file("two documents", minimum + "---\n" + minimum, ""),
        file("another version", "version: 2\nrotations:\n  a: {predecessor: {name: app}}\n", ""),
        file("a version that is a text", "version: \"1\"\nrotations:\n  a: {predecessor: {name: app}}\n", ""),
        file("no version", "rotations:\n  a: {predecessor: {name: app}}\n", ""),
        file("no rotations", "version: 1\n", ""),
        file("rotations as a list", "version: 1\nrotations:\n  - {predecessor: {name: app}}\n", ""),
        file("an unknown key on top", minimum + "retries: 3\n", ""),
        file("a key twice", "version: 1\nversion: 1\nrotations:\n  a: {predecessor: {name: app}}\n", ""),
        file("an alias to itself", "version: 1\nrotations: &r\n  a: *r\n", ""),
        file("a name of a rotation with blanks", "version: 1\nrotations:\n  my key: {predecessor: {name: app}}\n", ""),
        file("no predecessor", "version: 1\nrotations:\n  a: {targets: {}}\n", ""),
        file("several rotations and none named", minimum + "  b: {predecessor: {name: web}}\n", ""),
        file("a key in the file", minimum + "# @PREDECESSOR_KEY@\n", ""),
        rotation("an unknown key in a rotation", "target: {}", ""),
        rotation("a switch that is no switch", "enabled: \"no\"", ""),
        rotation("a length of time without a unit", "retire: {soak: 3600}", ""),
        rotation("a negative length of time", "retire: {soak: -1h}", ""),
        rotation("a limit that is no amount", "successor: {limit: lots}", ""),
        rotation("a target without a publisher", "targets: {web: {with: {path: .env}}}", ""),
        rotation("a publisher with a slash", "targets: {web: {publisher: ../sh}}", ""),
        rotation("wave 0", "targets: {web: {publisher: file, wave: 0}}", ""),
        rotation(
            "two targets at one place",
            "targets:\n  a: {publisher: file, with: {path: .env, name: A}}\n  b: {publisher: file, with: {path: .env, name: A}}",
            ""),
        rotation("an environment that names ork's own", "targets: {web: {publisher: file, env: [ORK_IDENTITY]}}", ""),
        rotation("a pin that is no SHA-256", "targets: {web: {publisher: file, sha256: abc}}", ""),
        rotation("an empty for_each", "targets: {web: {publisher: file, for_each: {path: []}}}", ""),
        rotation("a probe of another protocol", "verify: {probes: [{http: {url: \"ftp://example.org/\"}}]}", ""),
        rotation("a trust that is no identity", "trust: {create: [octocat]}", ""),
        BadInput("a file that is not there", "ork-create --config none.yaml", 65, ""),
        BadInput("a folder as the file", "ork-create --config /tmp", 65, ""),
        BadInput(
            "a rotation that is not there", "ork-create --rotation b", files: ["ork.yaml": minimum], 65, ""),
    ]
}

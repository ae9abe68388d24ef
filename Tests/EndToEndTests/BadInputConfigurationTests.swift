import TestSupport
import Testing

/// A configuration that is wrong, as somebody meets it who runs a step.
@Suite(.tags(.servers)) struct BadInputConfigurationTests {
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
        file(
            "an empty file", "\n",
            "ork.yaml:1: there is nothing in the file; write version: 1, and a rotation below rotations:"),
        file(
            "no YAML", "version: 1\nrotations: {a: [\n",
            "ork.yaml:3: a value was expected here; look for a '[' or '{' that is not closed"),
        file(
            "a tab as indentation", "version: 1\nrotations:\n\ta: 1\n",
            "ork.yaml:3: no value can start like this; tabs cannot indent YAML"),
        file(
            "JSON that is cut off", "{\"version\": 1, \"rotations\": {\"a\"",
            "ork.yaml:2: a ',' or a closing bracket was expected"),
        file(
            "HTML", "<!DOCTYPE html>\n<html><body>Sign in</body></html>\n",
            "ork.yaml:1: this is no configuration of ork; write version: 1, and a rotation below rotations:"),
        file(
            "two documents", minimum + "---\n" + minimum, "ork.yaml:4: a second document starts here; only one is read"),
        file(
            "another version", "version: 2\nrotations:\n  a: {predecessor: {name: app}}\n",
            "ork.yaml:1: version: this ork reads version 1 only; write version: 1, or install a newer ork"),
        file(
            "a version that is a text", "version: \"1\"\nrotations:\n  a: {predecessor: {name: app}}\n",
            "ork.yaml:1: version: must be the number 1, without quotes"),
        file(
            "no version", "rotations:\n  a: {predecessor: {name: app}}\n",
            "ork.yaml:1: version: is missing; write version: 1 on top"),
        file("no rotations", "version: 1\n", "ork.yaml:1: rotations: is missing; write at least one rotation below it"),
        file(
            "rotations as a list", "version: 1\nrotations:\n  - {predecessor: {name: app}}\n",
            "ork.yaml:2: rotations: must be a mapping, such as {KEY: VALUE}"),
        file(
            "an unknown key on top", minimum + "retries: 3\n",
            "ork.yaml:4: retries: unknown key; the keys here are version, openrouter, defaults, trust, and "
                + "rotations"),
        file(
            "a key twice", "version: 1\nversion: 1\nrotations:\n  a: {predecessor: {name: app}}\n",
            "ork.yaml:2: this entry is written twice, here and in line 1; remove one of the two"),
        file(
            "an alias to itself", "version: 1\nrotations: &r\n  a: *r\n", "ork.yaml:3: an alias inside its own anchor"),
        file(
            "a name of a rotation with blanks", "version: 1\nrotations:\n  my key: {predecessor: {name: app}}\n",
            "ork.yaml:3: rotations.my key: is not a rotation's name; use letters, digits and . _ - /"),
        file(
            "no predecessor", "version: 1\nrotations:\n  a: {targets: {}}\n",
            "ork.yaml:3: rotations.a.predecessor: is missing; it must be {name: …}, {hash: …}, {env: …}, or none"),
        file(
            "several rotations and none named", minimum + "  b: {predecessor: {name: web}}\n",
            "ork.yaml: there are several rotations; name one of them with --rotation: a, b"),
        file(
            "a key in the file", minimum + "# @PREDECESSOR_KEY@\n",
            "ork.yaml:4: this looks like an OpenRouter key; take it out, because others may have read it; the key to replace is named by a variable that has it: predecessor: {env: VARIABLE}; if it is in use, replace it before you revoke it"
        ),
        rotation(
            "an unknown key in a rotation", "target: {}",
            "ork.yaml:5: rotations.a.target: unknown key; did you mean targets? the keys here are enabled, openrouter, predecessor, keep_predecessor, workspace, "
                + "successor, publish, targets, verify, retire, trust, due, notify, and metrics"
        ),
        rotation(
            "a switch that is no switch", "enabled: \"no\"", "ork.yaml:5: rotations.a.enabled: must be true or false"),
        rotation(
            "a length of time without a unit", "retire: {soak: 3600}",
            "ork.yaml:5: rotations.a.retire.soak: must be a length of time such as 30s, 15m, 24h or 7d"),
        rotation(
            "a negative length of time", "retire: {soak: -1h}",
            "ork.yaml:5: rotations.a.retire.soak: must be a length of time such as 30s, 15m, 24h or 7d"),
        rotation(
            "a limit that is no amount", "successor: {limit: lots}",
            "ork.yaml:5: rotations.a.successor.limit: must be inherit, remaining, an amount in US dollars such as 25 or 12.50, or null for no limit"
        ),
        rotation(
            "a target without a publisher", "targets: {web: {with: {path: .env}}}",
            "ork.yaml:5: rotations.a.targets.web.publisher: is missing; it must be the name of a publisher: the NAME of ork-publisher-NAME"
        ),
        rotation(
            "a publisher with a slash", "targets: {web: {publisher: ../sh}}",
            "ork.yaml:5: rotations.a.targets.web.publisher: must be the name of a publisher: the NAME of ork-publisher-NAME"
        ),
        rotation(
            "wave 0", "targets: {web: {publisher: file, wave: 0}}",
            "ork.yaml:5: rotations.a.targets.web.wave: must be a whole number from 1 to 100"),
        rotation(
            "two targets at one place",
            "targets:\n  a: {publisher: file, with: {path: .env, name: A}}\n  b: {publisher: file, with: {path: .env, name: A}}",
            "ork.yaml:7: rotations.a.targets.b: is the same place as target a; remove one of them"),
        rotation(
            "an environment that names ork's own", "targets: {web: {publisher: file, env: [ORK_IDENTITY]}}",
            "ork.yaml:5: rotations.a.targets.web.env: ORK_IDENTITY is ork's own, which no publisher and no probe gets; take it out"
        ),
        rotation(
            "a pin that is no SHA-256", "targets: {web: {publisher: file, sha256: abc}}",
            "ork.yaml:5: rotations.a.targets.web.sha256: must be 64 lowercase hexadecimal digits"),
        rotation(
            "an empty for_each", "targets: {web: {publisher: file, for_each: {path: []}}}",
            "ork.yaml:5: rotations.a.targets.web.for_each.path: must be a list of values, not empty"),
        rotation(
            "a probe of another protocol", "verify: {probes: [{http: {url: \"ftp://example.org/\"}}]}",
            "ork.yaml:5: rotations.a.verify.probes.0.http.url: not an https address"),
        rotation(
            "a trust that is no identity", "trust: {create: [octocat]}",
            "ork.yaml:5: rotations.a.trust.create.0: must be a whole public identity, ork-public-1:… as ork-keygen shows it"
        ),
        BadInput(
            "a file that is not there", "ork-create --config none.yaml", files: ["nine.yaml": minimum], 65,
            "there is no none.yaml in WORK; did you mean nine.yaml?"),
        BadInput("a folder as the file", "ork-create --config /tmp", 65, "/tmp cannot be read: it is a folder"),
        BadInput(
            "a rotation that is not there", "ork-create --rotation b", files: ["ork.yaml": minimum], 65,
            "ork.yaml: there is no rotation b; the only rotation is a"),
    ]
}

import Testing

/// Flags that are wrong.
struct BadInputFlagTests {
    @Test("a flag that cannot be understood is named, and nobody is asked", arguments: flags)
    func flag(_ input: BadInput) async throws { try await input.expectRefusal() }

    static let flags: [BadInput] = [
        BadInput("an unknown option", "ork-create --predecesor name=app", 64, ""),
        BadInput("an option without its value", "ork-create --predecessor", 64, ""),
        BadInput("a word too many", "ork-create checkout-prod", 64, ""),
        BadInput("no predecessor", "ork-create", 65, ""),
        BadInput("a predecessor without its kind", "ork-create --predecessor checkout-prod", 65, ""),
        BadInput("a predecessor of an unknown kind", "ork-create --predecessor label=app", 65, ""),
        BadInput("an empty name", "ork-create --predecessor name=", 65, ""),
        BadInput("a key as predecessor", "ork-create --predecessor name=$PREDECESSOR_KEY", 65, ""),
        BadInput("a variable that cannot be one", "ork-create --predecessor env=MY-KEY", 65, ""),
        BadInput("a limit that is no amount", "ork-create --predecessor name=app --limit ten", 65, ""),
        BadInput("a negative limit", "ork-create --predecessor name=app --limit=-1", 65, ""),
        BadInput("an unknown period", "ork-create --predecessor name=app --limit-reset hourly", 65, ""),
        BadInput("a lifetime without a unit", "ork-create --predecessor name=app --expires-in 90", 65, ""),
        BadInput("a length of time in words", "ork-create --predecessor name=app --soak 'one day'", 65, ""),
        BadInput("a target without settings", "ork-create --predecessor name=app --to file:", 65, ""),
        BadInput("a target's setting without a value", "ork-create --predecessor name=app --to file:path", 65, ""),
        BadInput("a setting twice", "ork-create --predecessor name=app --to file:path=a,path=b", 65, ""),
        BadInput("a publisher that is a path", "ork-create --predecessor name=app --to ./publish.sh:path=a", 65, ""),
        BadInput("a wave that is no number", "ork-create --predecessor name=app --to file@two:path=a", 65, ""),
        BadInput("broken JSON in a target", "ork-create --predecessor name=app --to 'file:path:=[1'", 65, ""),
        BadInput("a key in a target", "ork-create --predecessor name=app --to file:value=$PREDECESSOR_KEY", 65, ""),
        BadInput(
            "a variable for no target", "ork-create --predecessor name=app --target-env web:TOKEN", 65, ""),
        BadInput("a probe of another protocol", "ork-create --predecessor name=app --probe ftp://example.org", 65, ""),
        BadInput("a wait that is no length of time", "ork-retire --wait forever", 64, ""),
        BadInput("trust in nobody", "ork-verify --trust create=octocat", 64, ""),
        BadInput("trust for no step", "ork-verify --trust deploy=ork-public-1:x", 64, ""),
        BadInput(
            "an address without a scheme", "ork-create --predecessor name=app --openrouter-url example.org", 65, ""),
        BadInput(
            "an address in the clear",
            "ork-create --predecessor name=app --openrouter-url http://example.org/api/v1", 65, ""),
        BadInput(
            "an address with a password",
            "ork-create --predecessor name=app --openrouter-url https://me:secret@example.org/api/v1", 65, ""),
        BadInput("a handoff into a pipe", "ork-create --predecessor name=app --handoff -", 64, ""),
        BadInput("a target with blanks", "ork-publish --check --target 'my target'", 64, ""),
        BadInput(
            "a rotation with blanks", "ork-create --rotation 'my key' --config ork.yaml", files: ["ork.yaml": ""], 64,
            ""),
        BadInput("a head that is none", "ork-verify --expect-head latest", 65, ""),
        BadInput("an identity over a folder", "ork-keygen --output /tmp", 64, ""),
    ]
}

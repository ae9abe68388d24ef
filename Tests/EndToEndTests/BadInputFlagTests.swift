import TestSupport
import Testing

/// Flags that are wrong.
@Suite(.tags(.servers)) struct BadInputFlagTests {
    @Test("a flag that cannot be understood is named, and nobody is asked", arguments: flags)
    func flag(_ input: BadInput) async throws { try await input.expectRefusal() }

    static let flags: [BadInput] = [
        BadInput(
            "an unknown option", "ork-create --predecesor name=app", 64,
            "unknown option '--predecesor'; did you mean --predecessor?"),
        BadInput(
            "an option without its value", "ork-create --predecessor", 64, "missing value for '--predecessor <key>'"),
        BadInput(
            "a key among the words", "ork-create sk-or-v1-" + String(repeating: "5", count: 64), 64,
            "unexpected argument '<redacted>'"),
        BadInput(
            "a word too many", "ork-create checkout-prod", 64,
            "unexpected argument 'checkout-prod'; did you mean --predecessor checkout-prod?"),
        BadInput(
            "no predecessor", "ork-create", 64,
            "--predecessor: is missing; it must be NAME, name=NAME, hash=HASH, env=VARIABLE or none"),
        BadInput(
            "a hash in the place of a name", "ork-create --predecessor " + String(repeating: "0a", count: 32), 64,
            "--predecessor: looks like a key's hash and not like its name: say hash="
                + String(repeating: "0a", count: 32)),
        BadInput(
            "a predecessor of an unknown kind", "ork-create --predecessor label=app", 64,
            "--predecessor: must be NAME, name=NAME, hash=HASH, env=VARIABLE or none; if the name itself has a =: name=label=app, with --rotation NAME"
        ),
        BadInput(
            "a mistyped kind", "ork-create --predecessor hsah=0a1b", 64,
            "--predecessor: must be NAME, name=NAME, hash=HASH, env=VARIABLE or none; did you mean hash?"),
        BadInput(
            "an empty name", "ork-create --predecessor name=", 64,
            "--predecessor: name= must be a text on one line, not empty"),
        BadInput(
            "a key as predecessor", "ork-create --predecessor name=$PREDECESSOR_KEY", 64,
            "--predecessor: this looks like an OpenRouter key; take it out, because others may have read it, and write env=VARIABLE instead; if it is in use, replace it before you revoke it"
        ),
        BadInput(
            "a variable that cannot be one", "ork-create --predecessor env=MY-KEY", 64,
            "--predecessor: env= must be the name of an environment variable"),
        BadInput(
            "a limit that is no amount", "ork-create --predecessor name=app --limit ten", 64,
            "--limit: must be inherit, remaining, an amount in US dollars such as 25 or 12.50, or null for no limit"),
        BadInput(
            "a negative limit", "ork-create --predecessor name=app --limit=-1", 64,
            "--limit: must be inherit, remaining, an amount in US dollars such as 25 or 12.50, or null for no limit"),
        BadInput(
            "an unknown period", "ork-create --predecessor name=app --limit-reset hourly", 64,
            "--limit-reset: must be inherit, daily, weekly, monthly, or null"),
        BadInput(
            "a lifetime without a unit", "ork-create --predecessor name=app --expires-in 90", 64,
            "--expires-in: must be inherit, a positive length of time such as 90d, or null for none"),
        BadInput(
            "a length of time in words", "ork-create --predecessor name=app --soak 'one day'", 64,
            "--soak: must be a length of time such as 30s, 15m, 24h or 7d"),
        BadInput(
            "a target without settings", "ork-create --predecessor name=app --to file:", 64,
            "--to: setting 1 of the target must be KEY=VALUE or KEY:=JSON; a comma inside VALUE is written \\,"),
        BadInput(
            "a target's setting without a value", "ork-create --predecessor name=app --to file:path", 64,
            "--to: the setting 'path' has no value; write path=VALUE"),
        BadInput(
            "a setting twice", "ork-create --predecessor name=app --to file:path=a,path=b", 64,
            "--to: setting 2 of the target has a key that stands before it already"),
        BadInput(
            "a publisher that is a path", "ork-create --predecessor name=app --to ./publish.sh:path=a", 64,
            "--to: a publisher's name has lower-case letters, digits and - only"),
        BadInput(
            "a wave that is no number", "ork-create --predecessor name=app --to file@two:path=a", 64,
            "--to: wave: must be a whole number from 1 to 100"),
        BadInput(
            "broken JSON in a target", "ork-create --predecessor name=app --to 'file:path:=[1'", 64,
            "--to: setting 1 of the target: not valid JSON, behind :="),
        BadInput(
            "a key in a target", "ork-create --predecessor name=app --to file:value=$PREDECESSOR_KEY", 64,
            "--to: this looks like an OpenRouter key; take it out, because others may have read it, and name an environment variable instead; if it is in use, replace it before you revoke it"
        ),
        BadInput(
            "a variable for no target", "ork-create --predecessor name=app --target-env web:TOKEN", 64,
            "--target-env: there is no target web; add it: --to web=PUBLISHER:KEY=VALUE"),
        BadInput(
            "a probe of another protocol", "ork-create --predecessor name=app --probe ftp://example.org", 64,
            "--probe: must be an address such as https://shop.example/health, or exec:PROGRAM"),
        BadInput(
            "a wait that is no length of time", "ork-retire --wait forever", 64,
            "--wait: must be a length of time such as 30s, 15m, 24h or 7d"),
        BadInput(
            "trust in nobody", "ork-verify --trust create=octocat", 64,
            "--trust: must be STEP=ork-public-1:…, a whole public identity, where STEP is create, publish, verify, approve, retire, or rollback"
        ),
        BadInput(
            "trust for no step", "ork-verify --trust deploy=ork-public-1:x", 64,
            "--trust: must be STEP=ork-public-1:…, a whole public identity, where STEP is create, publish, verify, approve, retire, or rollback"
        ),
        BadInput(
            "an address without a scheme", "ork-create --predecessor name=app --openrouter-url example.org", 64,
            "--openrouter-url: not an https address"),
        BadInput(
            "an address in the clear",
            "ork-create --predecessor name=app --openrouter-url http://example.org/api/v1", 64,
            "--openrouter-url: plain http is accepted only for localhost; use https"),
        BadInput(
            "an address with a password",
            "ork-create --predecessor name=app --openrouter-url https://me:secret@example.org/api/v1", 64,
            "--openrouter-url: an address may not hold a user name or a password"),
        BadInput(
            "a handoff into a pipe", "ork-create --predecessor name=app --handoff -", 64,
            "--handoff: must be a file, because the step also writes to it"),
        BadInput(
            "a target with blanks", "ork-publish --check --target 'my target'", 64,
            "--target needs the name of a target"),
        BadInput(
            "a rotation with blanks", "ork-create --rotation 'my key' --config ork.yaml", files: ["ork.yaml": ""], 64,
            "--rotation is not the name of a rotation"),
        BadInput(
            "a head that is none", "ork-verify --expect-head latest", 64,
            "--expect-head: must be the head of a handoff"),
        BadInput("an identity over a folder", "ork-keygen --output /tmp", 64, "/tmp is a folder"),
    ]
}

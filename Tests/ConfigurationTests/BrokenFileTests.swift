import Configuration
import TestSupport
import Testing

/// A broken file and all that is said about it.
struct BrokenFile: CustomTestStringConvertible, Sendable {
    let what: String
    let bytes: [UInt8]
    let message: String

    init(_ what: String, _ text: String, _ message: String) {
        self.init(what, bytes: Array(text.utf8), message)
    }

    init(_ what: String, bytes: [UInt8], _ message: String) {
        self.what = what
        self.bytes = bytes
        self.message = message
    }

    /// A file whose lines from the fifth on are `lines`, inside the rotation `a`.
    static func rotation(_ what: String, _ lines: String, _ message: String) -> BrokenFile {
        let body = lines.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }
        let text = "version: 1\nrotations:\n  a:\n    predecessor: {name: app}\n" + body.joined(separator: "\n") + "\n"
        return BrokenFile(what, text, message)
    }

    /// A file whose lines from the sixth on are `lines`, inside the target `web` of the rotation `a`.
    static func target(_ what: String, _ lines: String, _ message: String) -> BrokenFile {
        let body = lines.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }
        return rotation(what, "targets:\n  web:\n" + body.joined(separator: "\n"), message)
    }

    var testDescription: String { what }

    /// What the reader says, `nil` if it takes the file.
    var complaint: String? {
        do {
            _ = try ConfigurationFile(parsing: bytes, name: "ork.yaml")
            return nil
        } catch {
            return error.description
        }
    }
}

@Suite("Broken files", .tags(.values))
struct BrokenFileTests {
    static let key = "sk-or-v1-" + String(repeating: "0123456789abcdef", count: 4)

    @Test("what is no acceptable YAML is refused with its line", arguments: yaml)
    func isNoYAML(_ file: BrokenFile) { #expect(file.complaint == file.message) }

    @Test("the frame of the file is checked", arguments: frame)
    func isOutOfFrame(_ file: BrokenFile) { #expect(file.complaint == file.message) }

    @Test("every value of a rotation is checked, with its path and line", arguments: rotation)
    func isNoRotation(_ file: BrokenFile) { #expect(file.complaint == file.message) }

    @Test("every value of a target is checked, with its path and line", arguments: targets)
    func isNoTarget(_ file: BrokenFile) { #expect(file.complaint == file.message) }

    @Test("a file that holds a secret is refused without quoting it", arguments: secrets)
    func holdsASecret(_ file: BrokenFile) { #expect(file.complaint == file.message) }

    @Test("a message shows no control characters and no endless key")
    func messagesStayOnOneLine() {
        let long = String(repeating: "x", count: 500)
        let escaped = BrokenFile("", "version: 1\n\"a\\u001b[2J\\nb\\u202e\": 1\n", "").complaint
        #expect(
            escaped
                == "ork.yaml:2: a\\u{1b}[2J\\u{a}b\\u{202e}: unknown key; the keys here are version, openrouter, defaults, trust, and "
                + "rotations")
        let cut = BrokenFile("", "version: 1\n\(long): 1\n", "").complaint ?? ""
        #expect(cut.hasPrefix("ork.yaml:2: " + long.prefix(64) + "…: unknown key; the keys here are"))
    }

    static let yaml: [BrokenFile] = [
        BrokenFile(
            "no bytes", "",
            "ork.yaml:1: there is nothing in the file; write version: 1, and a rotation below rotations:"),
        BrokenFile(
            "a comment alone", "# nothing\n",
            "ork.yaml:1: there is nothing in the file; write version: 1, and a rotation below rotations:"),
        BrokenFile(
            "a text", "hello\n",
            "ork.yaml:1: this is no configuration of ork; write version: 1, and a rotation below rotations:"),
        BrokenFile(
            "a list", "\n- version: 1\n",
            "ork.yaml:2: this is no configuration of ork; write version: 1, and a rotation below rotations:"),
        BrokenFile(
            "a duplicate key", "version: 1\nrotations:\n  a: {predecessor: none}\n  a: {predecessor: none}\n",
            "ork.yaml:4: this entry is written twice, here and in line 3; remove one of the two"),
        BrokenFile(
            "a duplicate key on top", "version: 1\nversion: 1\n",
            "ork.yaml:2: this entry is written twice, here and in line 1; remove one of the two"),
        BrokenFile(
            "a key in two normal forms", "version: 1\nrotations: {}\n\u{E9}: 1\ne\u{301}: 1\n",
            "ork.yaml:4: e\u{301}: this entry is written twice; remove one of the two"),
        BrokenFile(
            "a tab as indentation", "version: 1\nrotations:\n\ta:\n",
            "ork.yaml:3: no value can start like this; tabs cannot indent YAML"),
        BrokenFile(
            "an open quote", "version: 1\nrotations: \"a\n", "ork.yaml:2: the quote that opens here is not closed"),
        BrokenFile(
            "an open bracket", "version: 1\nrotations: {a: [1\n", "ork.yaml:3: a ',' or a closing bracket was expected"),
        BrokenFile(
            "a colon too many", "version: 1\nrotations: a: b\n",
            "ork.yaml:2: a ':' cannot stand here; quote the text, or look at the indentation"),
        BrokenFile(
            "wrong indentation", "version: 1\nrotations:\n    a: 1\n  b: 2\n",
            "ork.yaml:4: a key was expected here; look at the indentation"),
        BrokenFile(
            "several documents", "version: 1\n---\nversion: 1\n",
            "ork.yaml:2: a second document starts here; only one is read"),
        BrokenFile("not UTF-8", bytes: Array("version: 1\n# ".utf8) + [0xFF, 0x0A], utf8Message(2)),
        BrokenFile("UTF-16", bytes: [0xFF, 0xFE, 0x61, 0x00], utf8Message(1)),
        BrokenFile("a control character", "version: 1\na: \u{01}\n", utf8Message(2)),
        BrokenFile(
            "a merge key", "version: 1\ndefaults: &d {}\nrotations:\n  a:\n    <<: *d\n",
            "ork.yaml:5: merge keys ('<<') are not read; write the entries out"),
        BrokenFile("an alias of nothing", "version: *v\n", "ork.yaml:1: an alias without an anchor before it"),
        BrokenFile("an alias in itself", "version: 1\na: &a [*a]\n", "ork.yaml:2: an alias inside its own anchor"),
        BrokenFile("an alias bomb", aliasBomb, "ork.yaml:4: aliases stand for more than 1000 nodes"),
        BrokenFile(
            "a mapping as key", "version: 1\n? {a: b}\n: 1\n", "ork.yaml:2: a key has to be a text"),
        BrokenFile(
            "a foreign tag", "version: !ruby/object 1\n",
            "ork.yaml:1: this tag is not one of YAML's core schema, or does not fit its value"),
        BrokenFile(
            "deep nesting", "version: 1\na: " + String(repeating: "[", count: 100), "ork.yaml:2: nested too deeply"),
        BrokenFile(
            "a huge file", bytes: Array(repeating: 0x20, count: 1 << 20 + 1),
            "ork.yaml: is larger than 1 MiB; is this the right file?"),
        BrokenFile(
            "a huge mapping",
            "version: 1\nrotations:\n" + (0...2000).map { "  r\($0): {predecessor: none}\n" }.joined(),
            "ork.yaml:2: rotations: has more than 2000 entries"),
        BrokenFile(
            "a huge list", "version: 1\nrotations: [" + String(repeating: "1,", count: 2001) + "]\n",
            "ork.yaml:2: rotations: has more than 2000 items"),
    ]

    private static func utf8Message(_ line: Int) -> String {
        "ork.yaml:\(line): not UTF-8, or a character that YAML does not allow"
    }

    private static let aliasBomb: String = {
        let ten = { (name: String) in "[" + Array(repeating: "*\(name)", count: 10).joined(separator: ", ") + "]" }
        return
            "version: 1\na: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\nb: &b \(ten("a"))\nc: &c \(ten("b"))\nd: \(ten("c"))\n"
    }()

    static let frame: [BrokenFile] = [
        BrokenFile(
            "a mistyped version", "verison: 1\nrotations: {}\n",
            "ork.yaml:1: verison: unknown key; did you mean version? the keys here are version, openrouter, defaults, trust, and rotations"
        ),
        BrokenFile(
            "a merge conflict", "version: 1\n<<<<<<< HEAD\nrotations: {}\n=======\n>>>>>>> main\n",
            "ork.yaml:2: git has left a merge conflict here; resolve it"),
        BrokenFile("no version", "rotations: {}\n", "ork.yaml:1: version: is missing; write version: 1 on top"),
        BrokenFile(
            "a later version", "version: 2\nnovelty: 1\n",
            "ork.yaml:1: version: this ork reads version 1 only; write version: 1, or install a newer ork"),
        BrokenFile("version as text", "version: '1'\n", "ork.yaml:1: version: must be the number 1, without quotes"),
        BrokenFile(
            "version as fraction", "version: 1.0\n", "ork.yaml:1: version: must be the number 1, without quotes"),
        BrokenFile("version without value", "version:\n", "ork.yaml:1: version: \(noValue)"),
        BrokenFile(
            "an unknown key on top", "version: 1\nrotation: {}\n",
            "ork.yaml:2: rotation: unknown key; did you mean rotations? the keys here are version, openrouter, defaults, trust, and "
                + "rotations"),
        BrokenFile(
            "no rotations", "version: 1\n", "ork.yaml:1: rotations: is missing; write at least one rotation below it"),
        BrokenFile(
            "empty rotations", "version: 1\n\nrotations: {}\n",
            "ork.yaml:3: rotations: is missing; write at least one rotation below it"),
        BrokenFile("rotations without value", "version: 1\nrotations:\n", "ork.yaml:2: rotations: \(noValue)"),
        BrokenFile(
            "rotations as list", "version: 1\nrotations: []\n",
            "ork.yaml:2: rotations: must be a mapping, such as {KEY: VALUE}"),
        BrokenFile(
            "a rotation's name", "version: 1\nrotations:\n  \"my app\": {predecessor: none}\n",
            "ork.yaml:3: rotations.my app: is not a rotation's name; use letters, digits and . _ - /"),
        BrokenFile(
            "a rotation as text", "version: 1\nrotations:\n  a: b\n",
            "ork.yaml:3: rotations.a: must be a mapping, such as {KEY: VALUE}"),
        BrokenFile(
            "no predecessor", "version: 1\nrotations:\n  a:\n    enabled: true\n",
            "ork.yaml:3: rotations.a.predecessor: is missing; it must be {name: …}, {hash: …}, {env: …}, or none"),
        BrokenFile(
            "targets in defaults", "version: 1\ndefaults:\n  targets: {}\n",
            "ork.yaml:3: defaults.targets: unknown key; the keys here are keep_predecessor, workspace, successor, publish, verify, "
                + "retire, due, notify, and metrics"
        ),
        BrokenFile(
            "defaults as list", "version: 1\ndefaults: [1]\n",
            "ork.yaml:2: defaults: must be a mapping, such as {KEY: VALUE}"),
        BrokenFile(
            "an unknown key in defaults", "version: 1\ndefaults:\n  retire: {overlp: 1h}\n",
            "ork.yaml:3: defaults.retire.overlp: unknown key; did you mean overlap? the keys here are overlap, quiet_for, soak, "
                + "accept_cost_only, accept_idle, accept_new_targets, on_trouble, and checklist"),
        BrokenFile(
            "a default that the only rotation replaces",
            "version: 1\ndefaults:\n  retire: {soak: long}\nrotations: {a: {predecessor: none, retire: {soak: 1h}}}\n",
            "ork.yaml:3: defaults.retire.soak: \(length)"),
        BrokenFile(
            "an unknown key in openrouter", "version: 1\nopenrouter: {uri: x}\n",
            "ork.yaml:2: openrouter.uri: unknown key; did you mean url? the keys here are url, management_key, federation_policy, federation_audience, and inference_url"
        ),
        BrokenFile(
            "plain http to another machine", "version: 1\nopenrouter:\n  url: http://openrouter.ai/api/v1\n",
            "ork.yaml:3: openrouter.url: plain http is accepted only for localhost; use https"),
        BrokenFile(
            "another scheme", "version: 1\nopenrouter: {url: ftp://openrouter.ai}\n",
            "ork.yaml:2: openrouter.url: not an https address"),
        BrokenFile(
            "a query", "version: 1\nopenrouter: {url: https://openrouter.ai/api/v1?a=b}\n",
            "ork.yaml:2: openrouter.url: must be an address without a query"),
        BrokenFile(
            "the management key as text", "version: 1\nopenrouter: {management_key: KEY}\n",
            "ork.yaml:2: openrouter.management_key: must be {env: NAME}, the name of an environment variable"),
        BrokenFile(
            "an unknown key in management_key", "version: 1\nopenrouter:\n  management_key:\n    file: key.txt\n",
            "ork.yaml:4: openrouter.management_key.file: unknown key; the only key here is env"),
        BrokenFile(
            "trust in an unknown step", "version: 1\ntrust: {deploy: []}\n",
            "ork.yaml:2: trust.deploy: unknown key; the keys here are create, publish, verify, approve, retire, and rollback"
        ),
        BrokenFile(
            "trust in nobody", "version: 1\ntrust: {approve: []}\n",
            "ork.yaml:2: trust.approve: must be a list of public identities, not empty"),
        BrokenFile(
            "trust as text", "version: 1\ntrust: {approve: ork-public-1:abc}\n",
            "ork.yaml:2: trust.approve: must be a list of public identities, not empty"),
        BrokenFile(
            "a cut identity", "version: 1\ntrust:\n  approve:\n    - ork-public-1:abc\n",
            "ork.yaml:4: trust.approve.0: must be a whole public identity, ork-public-1:… as ork-keygen shows it"),
    ]

    static let noValue = "has no value; write one, or null if that is what you mean"
    static let length = "must be a length of time such as 30s, 15m, 24h or 7d"
    static let text = "must be a text on one line, not empty"
    static let number = "is a number only to YAML; write it in plain decimal digits, or quote it"
    static let predecessor = "must be {name: …}, {hash: …}, {env: …}, or none"
    static let money = "must be inherit, remaining, an amount in US dollars such as 25 or 12.50, or null for no limit"

    static let rotation: [BrokenFile] = [
        .rotation(
            "an unknown key", "wrkspace: x",
            "ork.yaml:5: rotations.a.wrkspace: unknown key; did you mean workspace? the keys here are enabled, openrouter, predecessor, keep_predecessor, workspace, "
                + "successor, publish, targets, verify, retire, trust, due, notify, and metrics"),
        .rotation("enabled as word", "enabled: yes", "ork.yaml:5: rotations.a.enabled: must be true or false"),
        .rotation("enabled as list", "enabled: [true]", "ork.yaml:5: rotations.a.enabled: must be true or false"),
        .rotation("an empty workspace", "workspace: ''", "ork.yaml:5: rotations.a.workspace: \(text)"),
        .rotation("a workspace of two lines", "workspace: \"a\\nb\"", "ork.yaml:5: rotations.a.workspace: \(text)"),
        .rotation("a workspace as number", "workspace: 12", "ork.yaml:5: rotations.a.workspace: \(text)"),
        .rotation("successor without value", "successor:", "ork.yaml:5: rotations.a.successor: \(noValue)"),
        .rotation(
            "successor null", "successor: null",
            "ork.yaml:5: rotations.a.successor: must be a mapping, such as {KEY: VALUE}"),
        .rotation(
            "an unknown setting", "successor:\n  limits: 5",
            "ork.yaml:6: rotations.a.successor.limits: unknown key; did you mean limit? the keys here are name, limit, limit_reset, "
                + "include_byok_in_limit, expires_in, and references"),
        .rotation(
            "a limit without value", "successor:\n  limit:", "ork.yaml:6: rotations.a.successor.limit: \(noValue)"),
        .rotation("a negative limit", "successor: {limit: -5}", "ork.yaml:5: rotations.a.successor.limit: \(money)"),
        .rotation(
            "a limit with exponent", "successor: {limit: 1e3}", "ork.yaml:5: rotations.a.successor.limit: \(money)"),
        .rotation(
            "a hexadecimal limit", "successor: {limit: 0x19}", "ork.yaml:5: rotations.a.successor.limit: \(number)"),
        .rotation(
            "a limit that looks octal", "successor: {limit: 012}", "ork.yaml:5: rotations.a.successor.limit: \(number)"),
        .rotation("an endless limit", "successor: {limit: .inf}", "ork.yaml:5: rotations.a.successor.limit: \(number)"),
        .rotation(
            "an unknown reset", "successor: {limit_reset: yearly}",
            "ork.yaml:5: rotations.a.successor.limit_reset: must be inherit, daily, weekly, monthly, or null"),
        .rotation(
            "BYOK as text", "successor: {include_byok_in_limit: 'true'}",
            "ork.yaml:5: rotations.a.successor.include_byok_in_limit: must be inherit, true, or false"),
        .rotation(
            "a lifetime of nothing", "successor: {expires_in: 0s}",
            "ork.yaml:5: rotations.a.successor.expires_in: must be inherit, a positive length of time such as 90d, or null for none"
        ),
        .rotation(
            "an unknown rule of publishing", "publish: {by: 3d}",
            "ork.yaml:5: rotations.a.publish.by: unknown key; the keys here are settle, publish_by, and inference"),
        .rotation(
            "a bare number of seconds", "publish: {settle: 30}", "ork.yaml:5: rotations.a.publish.settle: \(length)"),
        .rotation(
            "a length without unit", "retire: {overlap: '24'}", "ork.yaml:5: rotations.a.retire.overlap: \(length)"),
        .rotation("an unknown unit", "retire:\n  soak: 2w", "ork.yaml:6: rotations.a.retire.soak: \(length)"),
        .rotation(
            "a negative length", "retire: {quiet_for: -1h}", "ork.yaml:5: rotations.a.retire.quiet_for: \(length)"),
        .rotation(
            "an endless length", "retire: {soak: 99999999999999999999d}",
            "ork.yaml:5: rotations.a.retire.soak: \(length)"),
        .rotation(
            "retire as list", "retire: [1h]", "ork.yaml:5: rotations.a.retire: must be a mapping, such as {KEY: VALUE}"),
        .rotation(
            "acceptance as text", "retire: {accept_idle: maybe}",
            "ork.yaml:5: rotations.a.retire.accept_idle: must be true or false"),
        .rotation("probes as mapping", "verify: {probes: {}}", "ork.yaml:5: rotations.a.verify.probes: must be a list"),
        .rotation(
            "an unknown rule of verifying", "verify: {probe: []}",
            "ork.yaml:5: rotations.a.verify.probe: unknown key; did you mean probes? the keys here are valid_for, probes, and require_adoption"
        ),
        .rotation(
            "an unknown kind of probe", "verify:\n  probes:\n    - tcp: {}",
            "ork.yaml:7: rotations.a.verify.probes.0.tcp: unknown key; the keys here are http and command"),
        .rotation(
            "a probe of two kinds", "verify:\n  probes:\n    - {http: {url: 'https://a.example'}, command: {run: [x]}}",
            "ork.yaml:7: rotations.a.verify.probes.0: must be {http: …} or {command: …}"),
        .rotation(
            "a probe without address", "verify:\n  probes:\n    - http: {expect: 200}",
            "ork.yaml:7: rotations.a.verify.probes.0.http.url: is missing; it must be an https address"),
        .rotation(
            "a second probe's address",
            "verify:\n  probes:\n    - http: {url: 'https://a.example/'}\n    - http:\n        url: http://b.example/",
            "ork.yaml:9: rotations.a.verify.probes.1.http.url: plain http is accepted only for localhost; use https, "
                + "or plain_http: true on a network that you trust"),
        .rotation(
            "a password in an address", "verify: {probes: [{http: {url: 'https://u:p@a.example/'}}]}",
            "ork.yaml:5: rotations.a.verify.probes.0.http.url: an address may not hold a user name or a password"),
        .rotation(
            "an impossible status", "verify: {probes: [{http: {url: 'https://a.example/', expect: 99}}]}",
            "ork.yaml:5: rotations.a.verify.probes.0.http.expect: must be a status such as 200 or a list of them"),
        .rotation(
            "a command as text", "verify: {probes: [{command: {run: ./check}}]}",
            "ork.yaml:5: rotations.a.verify.probes.0.command.run: must be a list: the program and its arguments"),
        .rotation(
            "trust in a rotation", "trust: {retire: [1]}",
            "ork.yaml:5: rotations.a.trust.retire.0: must be a whole public identity, ork-public-1:… as ork-keygen "
                + "shows it"),
        BrokenFile(
            "a predecessor as text", "version: 1\nrotations:\n  a:\n    predecessor: app\n",
            "ork.yaml:4: rotations.a.predecessor: \(predecessor)"),
        BrokenFile(
            "a predecessor of two kinds", "version: 1\nrotations:\n  a:\n    predecessor: {name: app, hash: abc}\n",
            "ork.yaml:4: rotations.a.predecessor: \(predecessor)"),
        BrokenFile(
            "a predecessor's label", "version: 1\nrotations:\n  a:\n    predecessor: {label: app}\n",
            "ork.yaml:4: rotations.a.predecessor.label: unknown key; the keys here are name, hash, and env"),
        BrokenFile(
            "a predecessor's hash", "version: 1\nrotations:\n  a:\n    predecessor: {hash: a/b}\n",
            "ork.yaml:4: rotations.a.predecessor.hash: must be the hash of a key"),
        BrokenFile(
            "a predecessor's variable", "version: 1\nrotations:\n  a:\n    predecessor: {env: A-B}\n",
            "ork.yaml:4: rotations.a.predecessor.env: must be the name of an environment variable"),
    ]

    static let targets: [BrokenFile] = [
        .rotation(
            "targets as list", "targets: []", "ork.yaml:5: rotations.a.targets: must be a mapping, such as {KEY: VALUE}"
        ),
        .rotation(
            "a target's name", "targets:\n  \"a b\": {publisher: file}",
            "ork.yaml:6: rotations.a.targets.a b: is not a target's name; use letters, digits and . _ - /"),
        .rotation(
            "a target as text", "targets: {web: file}",
            "ork.yaml:5: rotations.a.targets.web: must be a mapping, such as {KEY: VALUE}"),
        .target(
            "no publisher", "wave: 1",
            "ork.yaml:6: rotations.a.targets.web.publisher: is missing; it must be the name of a publisher: the NAME of "
                + "ork-publisher-NAME"),
        .target(
            "a path as publisher", "publisher: ../file",
            "ork.yaml:7: rotations.a.targets.web.publisher: must be the name of a publisher: the NAME of "
                + "ork-publisher-NAME"),
        .target(
            "an unknown key", "publisher: file\nwhit: {}",
            "ork.yaml:8: rotations.a.targets.web.whit: unknown key; a publisher's settings stand in `with`; the keys here are publisher, wave, env, with, sha256, and for_each"
        ),
        .target(
            "where paths are seen from, which is for ork alone to write", "publisher: file\nfrom: ork.yaml",
            "ork.yaml:8: rotations.a.targets.web.from: unknown key; a publisher's settings stand in `with`; the keys here are publisher, wave, env, with, sha256, and for_each"
        ),
        .target("wave 0", "publisher: file\nwave: 0", "ork.yaml:8: rotations.a.targets.web.wave: \(wave)"),
        .target("wave 1.5", "publisher: file\nwave: 1.5", "ork.yaml:8: rotations.a.targets.web.wave: \(wave)"),
        .target("wave as text", "publisher: file\nwave: first", "ork.yaml:8: rotations.a.targets.web.wave: \(wave)"),
        .target(
            "with as list", "publisher: file\nwith: [path]",
            "ork.yaml:8: rotations.a.targets.web.with: must be a mapping"),
        .target(
            "a fraction in with", "publisher: file\nwith:\n  mode: 6.5",
            "ork.yaml:9: rotations.a.targets.web.with.mode: is a number that is not whole, or too large; quote it"),
        .target(
            "a fraction deep in with", "publisher: file\nwith:\n  list:\n    - 1\n    - a: 1.0",
            "ork.yaml:11: rotations.a.targets.web.with.list.1.a: is a number that is not whole, or too large; quote it"),
        .target(
            "a large number in with", "publisher: file\nwith: {id: 9007199254740993}",
            "ork.yaml:8: rotations.a.targets.web.with.id: is a number that is not whole, or too large; quote it"),
        .target(
            "a file mode in with", "publisher: file\nwith: {mode: 0600}",
            "ork.yaml:8: rotations.a.targets.web.with.mode: \(number)"),
        .target(
            "an entry of with without value", "publisher: file\nwith:\n  name:",
            "ork.yaml:9: rotations.a.targets.web.with.name: \(noValue)"),
        .target(
            "env as text", "publisher: file\nenv: TOKEN", "ork.yaml:8: rotations.a.targets.web.env: \(environment)"),
        .target(
            "a value in env", "publisher: file\nenv: {TOKEN: a b}",
            "ork.yaml:8: rotations.a.targets.web.env: \(environment)"),
        .target(
            "our own variable for the child", "publisher: file\nenv: {ORK_IDENTITY: TOKEN}",
            "ork.yaml:8: rotations.a.targets.web.env.ORK_IDENTITY: is a name of ork's own; give the variable another one"
        ),
        .target(
            "a variable that only publishing refused", "publisher: file\nenv: {OPENROUTER_API_KEY: TOKEN}",
            "ork.yaml:8: rotations.a.targets.web.env.OPENROUTER_API_KEY: is a name of ork's own; give the variable another one"
        ),
        .target(
            "our own variable as source", "publisher: file\nenv:\n  TOKEN: OPENROUTER_MANAGEMENT_KEY",
            "ork.yaml:8: rotations.a.targets.web.env: OPENROUTER_MANAGEMENT_KEY is ork's own, which no publisher and no probe gets; take it out"
        ),
        .target(
            "a name that publishing keeps to itself", "publisher: file\nenv: [OPENROUTER_BASE_URL]",
            "ork.yaml:8: rotations.a.targets.web.env: OPENROUTER_BASE_URL is ork's own, which no publisher and no probe gets; take it out"
        ),
        .target(
            "the same in small letters", "publisher: file\nenv: {URL: openrouter_base_url}",
            "ork.yaml:8: rotations.a.targets.web.env: openrouter_base_url is ork's own, which no publisher and no probe gets; take it out"
        ),
        .rotation(
            "our own variable for a probe", "verify: {probes: [{command: {run: [x], env: {A: ORK_IDENTITY}}}]}",
            "ork.yaml:5: rotations.a.verify.probes.0.command.env: ORK_IDENTITY is ork's own, which no publisher and no probe gets; take it out"
        ),
        .target(
            "a short pin", "publisher: file\nsha256: abc",
            "ork.yaml:8: rotations.a.targets.web.sha256: must be 64 lowercase hexadecimal digits"),
        .rotation(
            "two targets at one place",
            "targets:\n  a: {publisher: file, with: {path: .env}}\n  b: {publisher: file, with: {path: .env}}",
            "ork.yaml:7: rotations.a.targets.b: is the same place as target a; remove one of them"),
        .target(
            "for_each as list", "publisher: file\nfor_each: [a]",
            "ork.yaml:8: rotations.a.targets.web.for_each: must be a mapping, such as {KEY: VALUE}"),
        .target(
            "for_each of nothing", "publisher: file\nfor_each: {}",
            "ork.yaml:8: rotations.a.targets.web.for_each: must be a mapping of keys to lists, not empty"),
        .target(
            "an empty list", "publisher: file\nfor_each: {path: []}",
            "ork.yaml:8: rotations.a.targets.web.for_each.path: must be a list of values, not empty"),
        .target(
            "a single value", "publisher: file\nfor_each: {path: a}",
            "ork.yaml:8: rotations.a.targets.web.for_each.path: must be a list of values, not empty"),
        .target(
            "a list as value", "publisher: file\nfor_each:\n  path:\n    - a\n    - [b]",
            "ork.yaml:11: rotations.a.targets.web.for_each.path.1: must be a text or a whole number"),
        .target(
            "a boolean as value", "publisher: file\nfor_each: {path: [true]}",
            "ork.yaml:8: rotations.a.targets.web.for_each.path.0: must be a text or a whole number"),
        .target(
            "a fraction as value", "publisher: file\nfor_each: {path: [1.5]}",
            "ork.yaml:8: rotations.a.targets.web.for_each.path.0: is a number that is not whole, or too large; quote it"
        ),
        .target(
            "a value that makes no name", "publisher: file\nfor_each: {path: [a, 'b c']}",
            "ork.yaml:8: rotations.a.targets.web.for_each.path.1: cannot be part of a target's name; use letters, digits "
                + "and . _ - /, at most 100 in all"),
        .target(
            "a key that stands in with", "publisher: file\nwith: {path: x}\nfor_each: {path: [a]}",
            "ork.yaml:9: rotations.a.targets.web.for_each.path: stands in with already"),
        .target(
            "a value twice", "publisher: file\nfor_each:\n  path:\n    - a\n    - 'a'",
            "ork.yaml:11: rotations.a.targets.web.for_each.path.1: makes a target of a name that another one has already"
        ),
        .rotation(
            "the name of another target",
            "targets:\n  web: {publisher: file, for_each: {path: [a]}}\n  web/a: {publisher: file}",
            "ork.yaml:7: rotations.a.targets.web/a: makes a target of a name that another one has already"),
        .target(
            "too many targets", "publisher: file\nfor_each: {a: \(hundred), b: \(hundred)}",
            "ork.yaml:8: rotations.a.targets.web.for_each: makes more than 1000 targets"),
        .target(
            "a mistake in what for_each spreads", "publisher: file\nwave: 101\nfor_each: {path: [a, b]}",
            "ork.yaml:8: rotations.a.targets.web.wave: \(wave)"),
    ]

    static let wave = "must be a whole number from 1 to 100"
    static let environment =
        "must be a list of environment variables or a mapping of the child's names to ours"
    static let hundred = "[" + (1...100).map(String.init).joined(separator: ", ") + "]"

    static let secrets: [BrokenFile] = [
        .rotation("a key as value", "workspace: \(key)", secret("an OpenRouter key", at: "workspace")),
        .rotation("a key in a comment", "# it was \(key)", secret("an OpenRouter key")),
        .rotation("a key as key", "\(key): 1", secret("an OpenRouter key", at: "")),
        .target(
            "a key inside a text", "with: {line: 'KEY=\(key)'}",
            secret("an OpenRouter key", line: 7, at: "targets.web.with.line")),
        .rotation(
            "a key behind an escape", "workspace: \"\\x73\(key.dropFirst())\"",
            secret("an OpenRouter key", at: "workspace")),
        .rotation("a key in a broken file", "workspace: [\(key)", secret("an OpenRouter key")),
        .rotation("a key behind bytes that are not UTF-8", "workspace: \u{0}\(key)", secret("an OpenRouter key")),
        .rotation(
            "an identity", "trust: {create: ['ork-identity-1:\(String(repeating: "A", count: 48))']}",
            secret("a private ork identity", at: "trust.create")),
        .target(
            "a GitHub token", "env: {T: ghp_\(String(repeating: "a", count: 36))}",
            secret("a GitHub token", line: 7, at: "targets.web.env.T")),
        .target(
            "a fine-grained token", "env: {T: github_pat_\(String(repeating: "a", count: 36))}",
            secret("a GitHub token", line: 7, at: "targets.web.env.T")),
        .target(
            "a GitLab token", "env: [glpat-\(String(repeating: "a", count: 20))]",
            secret("a GitLab token", line: 7, at: "targets.web.env")),
        .target(
            "a private key", "with:\n  key: |\n    -----BEGIN PRIVATE KEY-----",
            secret("a private key", line: 8, at: "targets.web.with.key")),
    ]

    /// `place` is where in the rotation it stands, unless that cannot be known.
    private static func secret(_ noun: String, line: Int = 5, at place: String? = nil) -> String {
        let path = place.map { $0.isEmpty ? "rotations.a: " : "rotations.a.\($0): " } ?? ""
        let way =
            noun == "an OpenRouter key"
            ? "; the key to replace is named by a variable that has it: predecessor: {env: VARIABLE}"
            : ", and name an environment variable instead"
        return
            "ork.yaml:\(line): \(path)this looks like \(noun); take it out, because others may have read it"
            + "\(way); if it is in use, replace it before you revoke it"
    }
}

import Configuration
import JSON
import PublisherHosting
import PublisherKit
import Rotation
import Secrets
import TestSupport
import Testing
import Timestamps

@Suite("Configuration files", .tags(.values))
struct ConfigurationFileTests {
    private let identity: PublicIdentity
    private let other: PublicIdentity

    init() throws {
        identity = try Identity.generate().publicIdentity
        other = try Identity.generate().publicIdentity
    }

    private func read(_ text: String) throws -> ConfigurationFile {
        try ConfigurationFile(parsing: Array(text.utf8), name: "ork.yaml")
    }

    private var example: String {
        """
        version: 1
        openrouter: {url: https://openrouter.ai/api/v1, management_key: {env: OPENROUTER_MANAGEMENT_KEY}}
        defaults: {retire: {overlap: 24h, quiet_for: 24h, soak: 24h}}
        rotations:
          checkout:
            enabled: true                                  # kill switch
            predecessor: {name: checkout-prod}             # or {hash: …}, {env: OPENROUTER_API_KEY}, none
            successor: {limit: inherit}                    # limit_reset, include_byok_in_limit, expires_in, …
            targets:
              canary: {publisher: file, wave: 1, with: {path: .env, name: OPENROUTER_API_KEY}}
              web:    {publisher: github-secret, wave: 2, env: {GITHUB_TOKEN: ACME_TOKEN}, with: {name: OPENROUTER_API_KEY},
                       for_each: {repository: [acme/web, acme/api]}}        # one target per value
            verify: {valid_for: 24h, probes: [{http: {url: https://shop.example/health, expect: 200}}]}
            trust: {create: [\(identity)], publish: [\(identity)], verify: [\(identity)], approve: [\(other)], retire: [\(identity), \(other)]}

        """
    }

    @Test("the example of the documentation is read")
    func readsTheExample() throws {
        let rotation = try read(example).rotation(named: nil)
        #expect(rotation.name.description == "checkout")
        #expect(rotation.isEnabled)
        let expected: JSONValue = [
            "openrouter": [
                "url": "https://openrouter.ai/api/v1", "management_key": ["env": "OPENROUTER_MANAGEMENT_KEY"],
            ],
            "predecessor": ["name": "checkout-prod"],
            "targets": [
                "canary": ["publisher": "file", "wave": 1, "with": ["path": ".env", "name": "OPENROUTER_API_KEY"]],
                "web/acme/api": [
                    "publisher": "github-secret", "wave": 2, "env": ["GITHUB_TOKEN": "ACME_TOKEN"],
                    "with": ["name": "OPENROUTER_API_KEY", "repository": "acme/api"],
                ],
                "web/acme/web": [
                    "publisher": "github-secret", "wave": 2, "env": ["GITHUB_TOKEN": "ACME_TOKEN"],
                    "with": ["name": "OPENROUTER_API_KEY", "repository": "acme/web"],
                ],
            ],
            "verify": [
                "valid_for": "24h", "probes": [["http": ["url": "https://shop.example/health", "expect": 200]]],
            ],
            "retire": ["overlap": "24h", "quiet_for": "24h", "soak": "24h"],
        ]
        #expect(rotation.plan == (try Plan(expected, unknownKeys: .refused).withPaths(from: .configuration)))
        #expect(
            rotation.trust == [
                .create: [identity], .publish: [identity], .verify: [identity], .approve: [other],
                .retire: [identity, other],
            ])
    }

    @Test(
        "a path of the plan leads to the line that people wrote",
        arguments: [
            (["predecessor"], "ork.yaml:7"),
            (["targets", "canary", "with", "path"], "ork.yaml:10"),
            (["targets", "web/acme/api", "publisher"], "ork.yaml:11"),
            (["targets", "web/acme/api", "with", "name"], "ork.yaml:11"),
            (["targets", "web/acme/api", "with", "repository"], "ork.yaml:12"),
            (["targets", "gone"], "ork.yaml:9"),
            (["retire", "overlap"], "ork.yaml:3"),
            (["verify", "probes", "0", "http", "url"], "ork.yaml:13"),
            (["openrouter", "url"], "ork.yaml:2"),
            (["workspace"], "ork.yaml:5"),
        ])
    func findsPlaces(path: [String], place: String) throws {
        #expect(try read(example).rotation(named: nil).place(of: path) == place)
    }

    @Test("others complain at the place in the file")
    func othersComplain() throws {
        let rotation = try read(example).rotation(named: nil)
        let error = rotation.error(
            at: ["targets", "web/acme/web", "publisher"], "there is no ork-publisher-github-secret")
        #expect(
            error.description
                == "ork.yaml:11: rotations.checkout.targets.web.publisher: there is no ork-publisher-github-secret")
    }

    @Test("the least a file can say is enough")
    func readsTheLeast() throws {
        let rotation = try read("version: 1\nrotations: {app: {predecessor: none}}").rotation(named: nil)
        #expect(rotation.plan == Plan(predecessor: .none))
        #expect(rotation.isEnabled)
        #expect(rotation.trust == nil)
    }

    @Test("a byte order mark, Windows line ends, a document mark and aliases are read")
    func readsForms() throws {
        let text = """
            \u{FEFF}---\r
            version: 1\r
            rotations:\r
              a: {predecessor: none, retire: &slow {soak: 7d}}\r
              b: {predecessor: none, retire: *slow}\r
            ...\r

            """
        let rotation = try read(text).rotation(named: PlanName("b"))
        #expect(rotation.plan.retire.soak == Interval(seconds: 7 * 86400))
        #expect(rotation.place(of: ["retire", "soak"]) == "ork.yaml:4")
    }

    @Test("defaults fill in key by key, one level deep; lists are replaced")
    func mergesDefaults() throws {
        let text = """
            version: 1
            openrouter: {url: https://proxy.example/v1, management_key: {env: KEY}}
            trust: {create: [\(identity)], approve: [\(identity)]}
            defaults:
              workspace: shop
              successor: {limit: 25, limit_reset: monthly}
              publish: {settle: 1m, inference: some/model}
              verify: {valid_for: 6h, probes: [{http: {url: https://a.example/}}]}
              retire: {overlap: 1h, soak: 2h}
            rotations:
              plain: {predecessor: none}
              own:
                predecessor: none
                enabled: false
                workspace: lab
                openrouter: {management_key: {env: LAB_KEY}}
                successor: {limit: null}
                publish: {settle: 2m}
                verify: {probes: []}
                retire: {soak: 3h}
                trust: {approve: [\(other)]}
            """
        let file = try read(text)
        let plain = try file.rotation(named: PlanName("plain"))
        #expect(plain.plan.workspace == "shop")
        #expect(plain.plan.successor.limit == .set(Money("25")))
        #expect(plain.plan.verify.probes == [.http(url: "https://a.example/", expect: [200])])
        #expect(plain.plan.service.managementKey == EnvironmentName("KEY"))
        #expect(plain.trust == [.create: [identity], .approve: [identity]])

        let own = try file.rotation(named: PlanName("own"))
        #expect(!own.isEnabled)
        #expect(own.plan.workspace == "lab")
        #expect(own.plan.service.url == "https://proxy.example/v1")
        #expect(own.plan.service.managementKey == EnvironmentName("LAB_KEY"))
        #expect(own.plan.successor.limit == .set(nil))
        #expect(own.plan.successor.limitReset == .set(.monthly))
        #expect(own.plan.publish.settle == Interval(seconds: 120))
        #expect(own.plan.publish.inference == "some/model")
        #expect(own.plan.verify.validFor == Interval(seconds: 6 * 3600))
        #expect(own.plan.verify.probes.isEmpty)
        #expect(own.plan.retire.overlap == Interval(seconds: 3600))
        #expect(own.plan.retire.soak == Interval(seconds: 3 * 3600))
        #expect(own.trust == [.create: [identity], .approve: [other]])
    }

    @Test("several keys of for_each make every combination")
    func spreadsCombinations() throws {
        let text = """
            version: 1
            rotations:
              a:
                predecessor: none
                targets:
                  web: {publisher: file, for_each: {path: [x, y], slot: [1, 2]}}
            """
        let targets = try read(text).rotation(named: nil).plan.targets
        #expect(targets.map(\.name.description) == ["web/x/1", "web/x/2", "web/y/1", "web/y/2"])
        #expect(
            targets.map(\.with) == [
                ["path": "x", "slot": 1], ["path": "x", "slot": 2], ["path": "y", "slot": 1], ["path": "y", "slot": 2],
            ])
    }

    @Test(
        "amounts of money keep their digits",
        arguments: [("25", "25"), ("12.5", "12.5"), ("12.50", "12.50"), ("'0.10'", "0.10"), ("0", "0")])
    func readsMoney(written: String, amount: String) throws {
        let text = "version: 1\nrotations: {a: {predecessor: none, successor: {limit: \(written)}}}"
        #expect(try read(text).rotation(named: nil).plan.successor.limit == .set(Money(amount)))
    }

    @Test("values of with keep their kind")
    func keepsKinds() throws {
        let with = "{a: 1, b: '1', c: true, d: yes, e: [x, 2], f: {g: null}, h: 2026-01-01}"
        let text = "version: 1\nrotations: {a: {predecessor: none, targets: {t: {publisher: file, with: \(with)}}}}"
        let expected: JSONObject = [
            "a": 1, "b": "1", "c": true, "d": "yes", "e": ["x", 2], "f": ["g": nil], "h": "2026-01-01",
        ]
        #expect(try read(text).rotation(named: nil).plan.targets.map(\.with) == [expected])
    }

    @Test("http to this machine is allowed")
    func allowsLoopback() throws {
        let text = "version: 1\nopenrouter: {url: 'http://127.0.0.1:8080/api/v1'}\nrotations: {a: {predecessor: none}}"
        #expect(try read(text).rotation(named: nil).plan.service.url == "http://127.0.0.1:8080/api/v1")
    }

    @Test("every cut of a file, and every byte turned, is read or refused in one line")
    func survivesDamage() {
        let bytes = Array(example.utf8)
        for index in stride(from: 0, to: bytes.count, by: 3) {
            var turned = bytes
            turned[index] ^= 1 << UInt8(index % 8)
            for damaged in [Array(bytes[..<index]), turned] {
                do {
                    _ = try ConfigurationFile(parsing: damaged, name: "ork.yaml")
                } catch {
                    let message = error.description
                    #expect(message.hasPrefix("ork.yaml:") && !message.contains("\n"))
                    #expect(error.line.map { (1...20).contains($0) } ?? false)
                }
            }
        }
    }

    @Test("a label, a public identity and a short token's name are no secrets")
    func mentionsNoSecrets() throws {
        let text = """
            version: 1
            # -----BEGIN PUBLIC KEY-----
            # the key sk-or-v1-0e6...1c96, sealed to \(identity), not ork-identity-1:…
            rotations: {a: {predecessor: none, targets: {t: {publisher: file, env: [ghp_token, GLPAT]}}}}
            """
        #expect(try read(text).rotations.count == 1)
    }

    @Test("with several rotations a name is needed, and it must be there")
    func needsAName() throws {
        let file = try read("version: 1\nrotations: {b: {predecessor: none}, a: {predecessor: none}}")
        #expect(throws: Never.self) { try file.rotation(named: PlanName("a")) }
        #expect(file.complaint(nil) == "ork.yaml: there are several rotations; name one of them with --rotation: b, a")
        #expect(
            file.complaint(PlanName("c"))
                == "ork.yaml: there is no rotation c; the rotations are b and a")
    }
}

extension ConfigurationFile {
    fileprivate func complaint(_ name: PlanName?) -> String? {
        do {
            _ = try rotation(named: name)
            return nil
        } catch {
            return error.description
        }
    }
}

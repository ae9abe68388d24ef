import JSON
import PublisherKit
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10)), .tags(.processes, .slow))
struct SOPSTests {
    @Test(
        "in a file that is there only the value changes, and its MAC; with named readers all ciphertext",
        arguments: SOPSCase.all, [false, true])
    func changed(sample: SOPSCase, isNamed: Bool) async throws {
        let plain = try await sample.fixture()
        let fixture = isNamed ? try await plain.naming() : plain
        let answer = try await fixture.publish()
        #expect(answer.outcome == .committed, "\(answer)")
        let file = "deploy/\(sample.file)"
        let value = try await fixture.sh("cd seed; git pull -q; \(sample.reader) \(file)")
        #expect(value == SampleKey.successor)
        let difference = Int(try await fixture.sh("git -C seed diff -U0 HEAD~1 -- \(file) | grep -c '^+[^+]'")) ?? 0
        #expect(isNamed ? difference > 0 : difference <= sample.lines, "\(difference)")
        #expect(try await fixture.sh("git -C seed diff --name-only HEAD~1") == file)
        // What else is in it, decrypted, is as it was.
        let type = file.hasSuffix(".key") ? "--input-type binary --output-type binary" : ""
        let rest = try await fixture.sh(
            """
            cd seed; sops decrypt \(type) \(file) | sed 's/\(SampleKey.successor)/KEY/' >../after
            git show HEAD~1:\(file) >\(file); sops decrypt \(type) \(file) | sed 's/\(SampleKey.predecessor)/KEY/' | diff - ../after
            """)
        #expect(rest.isEmpty)
        let again = try await fixture.publish()
        #expect(again.outcome == .unchanged)
        #expect(try await fixture.verify().outcome == .match)
        #expect(try await fixture.commits() == 4)
        try await fixture.sh("git -C remote.git fsck --strict")
    }

    @Test("a file that is not there is made under the rules of the repository", arguments: SOPSCase.all)
    func made(sample: SOPSCase) async throws {
        let fixture = try await sample.fixture().naming()
        let path = JSONValue.string("deploy/prod-new/new-\(sample.file)")
        let name: JSONValue? = sample.file == "prod.yaml" ? "web.value" : nil
        var with: JSONObject = ["path": path]
        if let name { with["name"] = name }
        #expect(try await fixture.verify(.init(), with).outcome == .absent)
        #expect(try await fixture.publish(.init(), with).outcome == .committed)
        let reader = sample.reader.replacing(#"["web"][0]["value"]"#, with: #"["web"]["value"]"#)
        #expect(try await fixture.sh("cd seed; git pull -q; \(reader) \(path.string ?? "")") == SampleKey.successor)
        #expect(try await fixture.verify(.init(), with).outcome == .match)
        let refused = try await fixture.publish(.init(create: false), ["path": "deploy/prod-2.yaml", "name": "a"])
        #expect(refused.short == "rejected not_found with.path" || sample.file == "prod.key")
    }

    @Test(
        "who can encrypt and not read writes a file that holds only the key, for the same readers",
        arguments: SOPSCase.all)
    func sealed(sample: SOPSCase) async throws {
        let raw = sample.file == "prod.key"
        var fixture = try await sample.alone.fixture().naming()
        fixture.environment = [:]
        let request = GitFixture.Request()
        let answer = try await fixture.publish(request)
        #expect(answer.outcome == .committed, "\(answer)")
        #expect(
            try await fixture.sh("cd seed; git pull -q; \(sample.reader) deploy/\(sample.file)") == SampleKey.successor)
        // Nothing tells by the file that it is there; the history does.
        #expect(try await fixture.publish(request).outcome == .unchanged)
        #expect(try await fixture.commits() == 4)
        #expect(try await fixture.verify(request).outcome == .unverifiable)
        var verifying = request
        verifying.receipt = answer.receipt
        #expect(try await fixture.verify(verifying).outcome == .match)
        let type = raw ? "--input-type binary --output-type binary" : ""
        try await fixture.commit("sops rotate -i \(type) deploy/\(sample.file)")
        #expect(try await fixture.verify(verifying).outcome == .unverifiable)
        #expect(try await fixture.publish(request).short == "rejected conflict with.path")
    }

    @Test("who can encrypt and not read does not touch a file that holds more")
    func sealedWithMore() async throws {
        for sample in SOPSCase.all.dropLast() {
            var fixture = try await sample.fixture().naming()
            fixture.environment = [:]
            let answer = try await fixture.publish()
            #expect(answer.short == "rejected configuration with.path", "\(sample.file): \(answer)")
            #expect(answer.outcome.error?.message.contains("holds other encrypted values") == true)
            #expect(try await fixture.commits() == 3)
        }
    }

    @Test("what was written beside it in the same file is no evidence for a value that cannot be read")
    func sealedNeighbour() async throws {
        let sample = SOPSCase(
            file: "prod.env", plaintext: "K1=\(SampleKey.predecessor)\nK2=\(SampleKey.predecessor)",
            with: ["name": "K1"],
            reader: "",
            lines: 0)
        var fixture = try await sample.fixture().naming()
        let first = try await fixture.publish()
        #expect(first.outcome == .committed)
        fixture.environment = [:]
        // The neighbour holds the successor; this one does not.
        var second = GitFixture.Request()
        second.operation = "01JDB000000000000000000002/second/5555"
        #expect(try await fixture.publish(second, ["name": "K2"]).short == "rejected configuration with.path")
        #expect(try await fixture.verify(second, ["name": "K2"]).outcome == .unverifiable)
        var own = GitFixture.Request()
        own.receipt = first.receipt
        #expect(try await fixture.verify(own).outcome == .match)
        #expect(try await fixture.commits() == 4)
    }

    @Test("the readers of a file stay, whoever the rules name")
    func otherReaders() async throws {
        let fixture = try await SOPSCase.all[2].fixture(rules: "$MINE,$THEIRS")
        try await fixture.commit(#"printf 'creation_rules:\n  - age: %s\n' $THEIRS >.sops.yaml"#)
        #expect(try await fixture.publish().outcome == .committed)
        #expect(try await fixture.sh("cd seed; git pull -q; grep -c recipient deploy/prod.env") == "2")
    }

    @Test("without a rule for the file, or without rules, that is said")
    func noRule() async throws {
        let with: JSONObject = ["path": "other/new.yaml", "name": "key", "encrypt": "sops"]
        let fixture = try await GitFixture(
            with, #"printf 'creation_rules:\n  - path_regex: ^deploy/\n    age: %s\n' $MINE >.sops.yaml"#
        ).naming()
        let answer = try await fixture.publish()
        #expect(answer.short == "rejected configuration with.path")
        #expect(answer.outcome.error?.hint?.contains("creation rule") == true)
        #expect(try await fixture.check().short == "rejected configuration with.path")
        let bare = try await GitFixture(with)
        #expect(try await bare.publish().short == "rejected configuration with.recipients")
        #expect(try await bare.naming().publish().outcome == .committed)
        #expect(
            try await bare.sh(#"cd seed; git pull -q; sops decrypt --extract '["key"]' other/new.yaml"#)
                == SampleKey.successor)
    }

    @Test("the next rules above a file count, as for sops")
    func nestedRules() async throws {
        let fixture = try await GitFixture(
            ["path": "apps/web/new.yaml", "name": "key", "encrypt": "sops"],
            #"""
            mkdir -p apps/web; printf 'creation_rules:\n  - age: %s\n    encrypted_regex: ^none$\n' $MINE >.sops.yaml
            printf 'creation_rules:\n  - path_regex: ^web/new.yaml$\n    age: %s\n' $MINE >apps/.sops.yaml
            """#
        ).naming()
        #expect(try await fixture.publish().outcome == .committed)
        #expect(try await fixture.verify().outcome == .match)
    }

    @Test("rules that would leave the key readable are found out before anything is committed")
    func readable() async throws {
        let fixture = try await GitFixture(
            ["path": "deploy/new.yaml", "name": "key", "encrypt": "sops"],
            #"printf 'creation_rules:\n  - age: %s\n    encrypted_regex: ^data$\n' $MINE >.sops.yaml"#
        ).naming()
        for answer in [try await fixture.publish(), try await fixture.check()] {
            #expect(answer.short == "rejected configuration with.encrypt")
            #expect(answer.outcome.error?.message.contains("not encrypted") == true)
        }
        #expect(try await fixture.commits() == 3)
        #expect(try await fixture.publish(.init(), ["name": "data"]).outcome == .committed)
    }

    @Test("a manifest whose secret part alone is encrypted keeps the rest, read or not", arguments: [true, false])
    func manifest(isRead: Bool) async throws {
        var fixture = try await GitFixture(
            ["path": "secret.yaml", "name": "stringData.KEY", "encrypt": "sops"],
            """
            printf 'creation_rules:\\n  - age: %s\\n    encrypted_regex: ^stringData$\\n' $MINE >.sops.yaml
            printf 'apiVersion: v1\\n# of web\\nkind: Secret\\nmetadata:\\n  name: web\\nstringData:\\n  KEY: \(SampleKey.predecessor)\\n' \
                >secret.yaml
            sops encrypt -i secret.yaml
            """
        ).naming()
        if !isRead { fixture.environment = [:] }
        #expect(try await fixture.publish().outcome == .committed)
        let text = try await fixture.sh("cd seed; git pull -q; sops decrypt secret.yaml | tr -d ' \\n'")
        #expect(text == "apiVersion:v1#ofwebkind:Secretmetadata:name:webstringData:KEY:\(SampleKey.successor)")
        #expect(
            try await fixture.sh("git -C seed diff HEAD~1 -- secret.yaml | grep -c '^[-+].*\\(kind\\|name\\)' || true")
                == "0")
    }

    @Test("a file that sops does not keep, or that was changed without it, is left alone")
    func foreign() async throws {
        let fixture = try await GitFixture(
            ["path": "plain.yaml", "name": "key", "encrypt": "sops"],
            """
            printf 'creation_rules:\\n  - age: %s\\n    encrypted_regex: ^key$\\n' $MINE >.sops.yaml
            echo 'key: x' >plain.yaml; printf 'a: 1\\nkey: \(SampleKey.predecessor)\\n' >tampered.yaml
            sops encrypt -i tampered.yaml; sed -i 's/^a: 1/a: 2/' tampered.yaml
            """)
        #expect(try await fixture.publish().short == "rejected configuration with.path")
        let tampered = try await fixture.publish(.init(), ["path": "tampered.yaml"])
        // sops makes the MAC of all values, those in the clear too.
        #expect(tampered.short == "rejected conflict with.path")
        #expect(
            try await fixture.publish(.init(), ["path": "link", "format": "yaml"]).short
                == "rejected configuration with.path")
    }
}

import JSON
import PublisherKit
import TestSupport
import Testing

/// Files that a program encrypts as a whole, and values that a program encrypts alone.
@Suite(.timeLimit(.minutes(10)), .tags(.processes, .slow))
struct CipherTests {
    private static let plaintext = "# c\nA=1\nKEY=\(SampleKey.predecessor)\nB=2\n"
    private static let changed = "# c\nA=1\nKEY=\(SampleKey.successor)\nB=2\n"

    /// A way to encrypt, with the real program at both ends.
    struct Way: Sendable, CustomTestStringConvertible {
        let name: String
        let with: JSONObject
        let encrypt: String
        let decrypt: String
        var environment: [String: String] = [:]
        var testDescription: String { name }
    }

    static let ways = [
        Way(
            name: "age", with: ["encrypt": "age", "identity": "mine.txt"], encrypt: "age -a -r $MINE",
            decrypt: "age -d -i ../mine.txt"),
        Way(
            name: "ansible-vault", with: ["encrypt": "ansible-vault"],
            encrypt: "ansible-vault encrypt --vault-password-file ../password --output - -",
            decrypt: "ansible-vault decrypt --vault-password-file ../password --output - -",
            environment: ["ANSIBLE_VAULT_PASSWORD_FILE": "password"]),
        Way(
            name: "a command", with: ["encrypt": "command"],
            encrypt: "openssl enc -aes-256-cbc -pbkdf2 -pass file:../password",
            decrypt: "openssl enc -d -aes-256-cbc -pbkdf2 -pass file:../password"),
    ]

    private func fixture(_ way: Way, _ plaintext: String = plaintext) async throws -> GitFixture {
        var fixture = try await GitFixture(
            way.with, "echo open >../password; printf '\(plaintext)' | \(way.encrypt) >deploy/prod.env.age")
        fixture.with["path"] = "deploy/prod.env.age"
        fixture.with["name"] = "KEY"
        let folder = fixture.git.folder
        for (key, value) in way.environment { fixture.environment[key] = folder.file(value) }
        switch way.name {
        case "age":
            fixture.with["identity"] = .string(folder.file("mine.txt"))
            fixture.with["recipients"] = .string(try await fixture.sh("echo $MINE"))
        case "a command":
            let openssl = "openssl enc -aes-256-cbc -pbkdf2 -pass file:\(folder.file("password"))"
            fixture.with["command"] = .array(openssl.split(separator: " ").map { .string(String($0)) })
            fixture.with["decrypt"] = .array((openssl + " -d").split(separator: " ").map { .string(String($0)) })
        default: break
        }
        return fixture
    }

    @Test("a file that is encrypted as a whole is changed in one place", arguments: ways)
    func changed(way: Way) async throws {
        let fixture = try await fixture(way)
        let answer = try await fixture.publish()
        #expect(answer.outcome == .committed, "\(answer)")
        let read = try await fixture.sh("cd seed; git pull -q; \(way.decrypt) <deploy/prod.env.age")
        #expect(read + "\n" == Self.changed)
        #expect(try await fixture.publish().outcome == .unchanged)
        #expect(try await fixture.verify().outcome == .match)
        var other = GitFixture.Request()
        other.value = SampleKey.stranger
        #expect(try await fixture.verify(other).outcome == .mismatch)
        other.expect = [SampleKey.predecessor]
        #expect(try await fixture.publish(other).short == "rejected conflict with.name")
        other.expect = nil
        #expect(try await fixture.publish(other).outcome == .committed)
        #expect(try await fixture.commits() == 5)
    }

    @Test("a file that is not there is made", arguments: ways)
    func made(way: Way) async throws {
        let fixture = try await fixture(way)
        #expect(try await fixture.check(.init(), ["path": "a/new.env.age"]).outcome == .ready)
        #expect(try await fixture.publish(.init(), ["path": "a/new.env.age"]).outcome == .committed)
        let read = try await fixture.sh("cd seed; git pull -q; \(way.decrypt) <a/new.env.age")
        #expect(read == "KEY=\(SampleKey.successor)")
    }

    @Test("an identity in the environment reads as one in a file does, and no program inherits it")
    func identity() async throws {
        var fixture = try await fixture(Self.ways[0])
        fixture.with["identity"] = nil
        fixture.environment["AGE_IDENTITY"] = try await fixture.sh("cat mine.txt")
        #expect(try await fixture.publish().outcome == .committed)
        #expect(try await fixture.verify().outcome == .match)
        let spy = "env >\(fixture.git.folder.file("spied")); cat >/dev/null; echo sealed"
        _ = try await fixture.publish(
            .init(),
            [
                "path": "spy.key", "format": "raw", "name": .null, "recipients": .null, "encrypt": "command",
                "command": ["sh", "-c", .string(spy)],
            ])
        let spied = try await fixture.sh("cat spied")
        #expect(spied.contains("PATH=") && !spied.contains("AGE_IDENTITY") && !spied.contains(SampleKey.successor))
    }

    @Test("without what decrypts it, a file is written only if the key is all that it holds")
    func sealed() async throws {
        var fixture = try await fixture(Self.ways[0])
        fixture.with["identity"] = nil
        let answer = try await fixture.publish()
        #expect(answer.short == "rejected configuration with.alone")
        #expect(try await fixture.commits() == 3)
        let alone = try await fixture.publish(.init(), ["alone": true])
        #expect(alone.outcome == .committed)
        let read = try await fixture.sh("cd seed; git pull -q; age -d -i ../mine.txt <deploy/prod.env.age")
        #expect(read == "KEY=\(SampleKey.successor)")
        #expect(try await fixture.publish(.init(), ["alone": true]).outcome == .unchanged)
        // A raw file is the key and nothing else.
        let raw: JSONObject = ["path": "deploy/key.age", "format": "raw", "name": .null]
        var first = GitFixture.Request()
        first.operation = "01JDB000000000000000000002/raw/1"
        #expect(try await fixture.publish(first, raw).outcome == .committed)
        #expect(
            try await fixture.sh("cd seed; git pull -q; age -d -i ../mine.txt <deploy/key.age") == SampleKey.successor)
    }

    @Test("a commit's word that it wrote the key is no proof: an amended one says the same of another file")
    func amended() async throws {
        var fixture = try await fixture(Self.ways[0])
        fixture.with["identity"] = nil
        fixture.with["alone"] = true
        var request = GitFixture.Request()
        #expect(try await fixture.publish().outcome == .committed)
        // Whoever has the key sees by the commit's proof that it is of this file, and needs no second one.
        let first = try await fixture.publish()
        #expect(first.outcome == .unchanged && first.held == .successor)
        request.receipt = first.receipt
        #expect(try await fixture.verify(request).outcome == .match)
        try await fixture.sh(
            "cd seed; git pull -q; printf 'KEY=\(SampleKey.predecessor)' | age -a -r $MINE >deploy/prod.env.age; "
                + "git commit -q --amend --no-edit -a; git push -q -f origin HEAD:main")
        #expect(try await fixture.verify(request).outcome == .unverifiable)
        // Nor is one whose proof is made of what everybody knows: HMAC takes the hash of a long key for the key.
        try await fixture.sh(
            """
            cd seed; file=$(sha256sum <deploy/prod.env.age | cut -d' ' -f1)
            key=$(printf %s \(SampleKey.successor) | sha256sum | cut -d' ' -f1)
            proof=$(printf '%s\\ndeploy/prod.env.age\\nKEY' $file | openssl dgst -sha256 -mac HMAC -macopt hexkey:$key -r | cut -d' ' -f1)
            git log -1 --format=%B | sed "s/^Ork-Proof: .*/Ork-Proof: $proof/" | git commit -q --amend -F -; git push -q -f origin HEAD:main
            """)
        // Another run of publishing does not believe it, and writes the key.
        let written = try await fixture.publish()
        #expect(written.outcome == .committed)
        request.receipt = written.receipt
        #expect(try await fixture.verify(request).outcome == .match)
        #expect(
            try await fixture.sh("cd seed; git pull -q; age -d -i ../mine.txt <deploy/prod.env.age")
                == "KEY=\(SampleKey.successor)")
    }

    @Test("an older rotation does not write over a later one, though neither can read the file")
    func olderRotation() async throws {
        var fixture = try await fixture(Self.ways[0])
        fixture.with["identity"] = nil
        fixture.with["alone"] = true
        var later = GitFixture.Request(value: SampleKey.stranger)
        later.rotation = "01JDC000000000000000000000"
        later.operation = "01JDC000000000000000000000/web/1"
        #expect(try await fixture.publish(later).outcome == .committed)
        #expect(try await fixture.publish().short == "rejected conflict with.path")
        var accepting = GitFixture.Request()
        accepting.expect = nil
        #expect(try await fixture.publish(accepting).outcome == .committed)
    }

    @Test("a file that is encrypted for others, or that is none of the program's, is told as such", arguments: ways)
    func others(way: Way) async throws {
        let fixture = try await fixture(way)
        try await fixture.commit("echo mine >deploy/prod.env.age; echo other >../password2")
        let answer = try await fixture.publish()
        #expect(answer.outcome.error?.code == .configuration, "\(answer)")
        #expect(answer.outcome.error?.message.contains("cannot decrypt the file") == true)
        if way.name == "age" {
            try await fixture.commit("printf 'KEY=1' | age -a -r $THEIRS >deploy/prod.env.age")
            #expect(try await fixture.publish().short == "rejected configuration with.recipients")
        }
    }

    @Test("a program that does not encrypt is found out before anything is committed")
    func readable() async throws {
        let fixture = try await GitFixture(["path": "key", "format": "raw", "encrypt": "command"])
        for command: JSONValue in [["cat"], ["base64"], ["sh", "-c", "rev | base64 -w 0"], ["xxd", "-p"]] {
            let answer = try await fixture.publish(.init(), ["command": command])
            #expect(answer.outcome.error?.code == .configuration, "\(command)")
        }
        #expect(
            try await fixture.publish(.init(), ["command": ["true"]]).short == "rejected configuration with.command")
        let broken = try await fixture.publish(
            .init(), ["command": ["sh", "-c", "tr a-z0-9 b-za1-90"], "decrypt": ["cat"]])
        #expect(broken.short == "rejected configuration with.encrypt")
    }

    @Test("a value that is encrypted alone stands in a file that stays readable")
    func value() async throws {
        let seal = "printf sealed-; openssl dgst -sha256 -hmac k -hex | cut -d' ' -f2"
        let fixture = try await GitFixture(
            [
                "path": "sealed.yaml", "name": "spec.encryptedData.KEY", "encrypt": "command", "encrypts": "value",
                "command": ["sh", "-c", .string(seal)],
            ],
            "printf 'kind: SealedSecret # c\\nspec:\\n  encryptedData:\\n    KEY: sealed-old\\n    OTHER: AgA\\n' >sealed.yaml"
        )
        #expect(try await fixture.publish().outcome == .committed)
        let difference = try await fixture.sh("cd seed; git pull -q; git diff -U0 HEAD~1 | grep '^[-+] '")
        #expect(
            difference.split(separator: "\n").count == 2 && difference.contains("+    KEY: sealed-"), "\(difference)")
        #expect(try await fixture.publish().outcome == .unchanged)
        let lines = try await fixture.publish(.init(), ["path": "2.yaml", "command": ["sh", "-c", "echo a; echo b"]])
        #expect(lines.short == "rejected configuration with.command")
    }
}

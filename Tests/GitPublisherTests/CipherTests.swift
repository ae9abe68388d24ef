import JSON
import PublisherKit
import TestSupport
import Testing

/// Files that a program encrypts as a whole, and values that a program encrypts alone.
@Suite(.timeLimit(.minutes(3)), .tags(.processes, .slow))
struct CipherTests {
    private static let plaintext = "# c\nA=1\nKEY=\(Key.predecessor)\nB=2\n"
    private static let changed = "# c\nA=1\nKEY=\(Key.successor)\nB=2\n"

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

    private func world(_ way: Way, _ plaintext: String = plaintext) async throws -> World {
        var world = try await World(
            way.with, "echo open >../password; printf '\(plaintext)' | \(way.encrypt) >deploy/prod.env.age")
        world.with["path"] = "deploy/prod.env.age"
        world.with["name"] = "KEY"
        let folder = world.git.folder
        for (key, value) in way.environment { world.environment[key] = folder.file(value) }
        switch way.name {
        case "age":
            world.with["identity"] = .string(folder.file("mine.txt"))
            world.with["recipients"] = .string(try await world.sh("echo $MINE"))
        case "a command":
            let openssl = "openssl enc -aes-256-cbc -pbkdf2 -pass file:\(folder.file("password"))"
            world.with["command"] = .array(openssl.split(separator: " ").map { .string(String($0)) })
            world.with["decrypt"] = .array((openssl + " -d").split(separator: " ").map { .string(String($0)) })
        default: break
        }
        return world
    }

    @Test("a file that is encrypted as a whole is changed in one place", arguments: ways)
    func changed(way: Way) async throws {
        let world = try await world(way)
        let answer = try await world.publish()
        #expect(answer.outcome == .committed, "\(answer)")
        let read = try await world.sh("cd seed; git pull -q; \(way.decrypt) <deploy/prod.env.age")
        #expect(read + "\n" == Self.changed)
        #expect(try await world.publish().outcome == .unchanged)
        #expect(try await world.verify().outcome == .match)
        var other = World.Request()
        other.value = Key.stranger
        #expect(try await world.verify(other).outcome == .mismatch)
        other.expect = [Key.predecessor]
        #expect(try await world.publish(other).short == "rejected conflict with.name")
        other.expect = nil
        #expect(try await world.publish(other).outcome == .committed)
        #expect(try await world.commits() == 5)
    }

    @Test("a file that is not there is made", arguments: ways)
    func made(way: Way) async throws {
        let world = try await world(way)
        #expect(try await world.check(.init(), ["path": "a/new.env.age"]).outcome == .ready)
        #expect(try await world.publish(.init(), ["path": "a/new.env.age"]).outcome == .committed)
        let read = try await world.sh("cd seed; git pull -q; \(way.decrypt) <a/new.env.age")
        #expect(read == "KEY=\(Key.successor)")
    }

    @Test("an identity in the environment reads as one in a file does, and no program inherits it")
    func identity() async throws {
        var world = try await world(Self.ways[0])
        world.with["identity"] = nil
        world.environment["AGE_IDENTITY"] = try await world.sh("cat mine.txt")
        #expect(try await world.publish().outcome == .committed)
        #expect(try await world.verify().outcome == .match)
        let spy = "env >\(world.git.folder.file("spied")); cat >/dev/null; echo sealed"
        _ = try await world.publish(
            .init(),
            [
                "path": "spy.key", "format": "raw", "name": .null, "recipients": .null, "encrypt": "command",
                "command": ["sh", "-c", .string(spy)],
            ])
        let spied = try await world.sh("cat spied")
        #expect(spied.contains("PATH=") && !spied.contains("AGE_IDENTITY") && !spied.contains(Key.successor))
    }

    @Test("without what decrypts it, a file is written only if the key is all that it holds")
    func sealed() async throws {
        var world = try await world(Self.ways[0])
        world.with["identity"] = nil
        let answer = try await world.publish()
        #expect(answer.short == "rejected configuration with.alone")
        #expect(try await world.commits() == 3)
        let alone = try await world.publish(.init(), ["alone": true])
        #expect(alone.outcome == .committed)
        let read = try await world.sh("cd seed; git pull -q; age -d -i ../mine.txt <deploy/prod.env.age")
        #expect(read == "KEY=\(Key.successor)")
        #expect(try await world.publish(.init(), ["alone": true]).outcome == .unchanged)
        // A raw file is the key and nothing else.
        let raw: JSONObject = ["path": "deploy/key.age", "format": "raw", "name": .null]
        var first = World.Request()
        first.operation = "01JDB000000000000000000002/raw/1"
        #expect(try await world.publish(first, raw).outcome == .committed)
        #expect(try await world.sh("cd seed; git pull -q; age -d -i ../mine.txt <deploy/key.age") == Key.successor)
    }

    @Test("an older rotation does not write over a later one, though neither can read the file")
    func olderRotation() async throws {
        var world = try await world(Self.ways[0])
        world.with["identity"] = nil
        world.with["alone"] = true
        var later = World.Request(value: Key.stranger)
        later.rotation = "01JDC000000000000000000000"
        later.operation = "01JDC000000000000000000000/web/1"
        #expect(try await world.publish(later).outcome == .committed)
        #expect(try await world.publish().short == "rejected conflict with.path")
        var accepting = World.Request()
        accepting.expect = nil
        #expect(try await world.publish(accepting).outcome == .committed)
    }

    @Test("a file that is encrypted for others, or that is none of the program's, is told as such", arguments: ways)
    func others(way: Way) async throws {
        let world = try await world(way)
        try await world.commit("echo mine >deploy/prod.env.age; echo other >../password2")
        let answer = try await world.publish()
        #expect(answer.outcome.error?.code == .configuration, "\(answer)")
        #expect(answer.outcome.error?.message.contains("cannot decrypt the file") == true)
        if way.name == "age" {
            try await world.commit("printf 'KEY=1' | age -a -r $THEIRS >deploy/prod.env.age")
            #expect(try await world.publish().short == "rejected configuration with.recipients")
        }
    }

    @Test("a program that does not encrypt is found out before anything is committed")
    func readable() async throws {
        let world = try await World(["path": "key", "format": "raw", "encrypt": "command"])
        for command: JSONValue in [["cat"], ["base64"], ["sh", "-c", "rev | base64 -w 0"], ["xxd", "-p"]] {
            let answer = try await world.publish(.init(), ["command": command])
            #expect(answer.outcome.error?.code == .configuration, "\(command)")
        }
        #expect(try await world.publish(.init(), ["command": ["true"]]).short == "rejected configuration with.command")
        let broken = try await world.publish(
            .init(), ["command": ["sh", "-c", "tr a-z0-9 b-za1-90"], "decrypt": ["cat"]])
        #expect(broken.short == "rejected configuration with.encrypt")
    }

    @Test("a value that is encrypted alone stands in a file that stays readable")
    func value() async throws {
        let seal = "printf sealed-; openssl dgst -sha256 -hmac k -hex | cut -d' ' -f2"
        let world = try await World(
            [
                "path": "sealed.yaml", "name": "spec.encryptedData.KEY", "encrypt": "command", "encrypts": "value",
                "command": ["sh", "-c", .string(seal)],
            ],
            "printf 'kind: SealedSecret # c\\nspec:\\n  encryptedData:\\n    KEY: sealed-old\\n    OTHER: AgA\\n' >sealed.yaml"
        )
        #expect(try await world.publish().outcome == .committed)
        let difference = try await world.sh("cd seed; git pull -q; git diff -U0 HEAD~1 | grep '^[-+] '")
        #expect(
            difference.split(separator: "\n").count == 2 && difference.contains("+    KEY: sealed-"), "\(difference)")
        #expect(try await world.publish().outcome == .unchanged)
        let lines = try await world.publish(.init(), ["path": "2.yaml", "command": ["sh", "-c", "echo a; echo b"]])
        #expect(lines.short == "rejected configuration with.command")
    }
}

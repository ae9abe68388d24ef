import FoundationEssentials
import Glibc
import JSON
import PublisherKit
import Secrets
import Sodium
import TestSupport
import Testing

@testable import ork_publisher_command

private let successor = Secret("sk-or-v1-" + String(repeating: "b", count: 64))

private func request(_ with: JSONObject, create: Bool = true, deadline: Double = 600) -> PublisherRequest {
    PublisherRequest(
        id: "1", operation: "01JDB/web/3f9a", rotation: "01JDB", deadline: Date() + deadline, target: "web", with: with,
        expect: [Digest(of: successor)], create: create, digest: Digest(of: successor), secret: successor)
}

/// A command of a shell script, for the tests only: ork itself gives nothing to a shell.
private func shell(_ script: String, _ argument: String = "") -> JSONValue {
    .array([.string("sh"), .string("-c"), .string(script), .string("sh"), .string(argument)])
}

@Suite(.serialized, .tags(.processes))
struct CommandPublisherTests {
    let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
        // As `main` does it.
        _ = signal(SIGPIPE, SIG_IGN)
    }

    private func publish(_ with: JSONObject, deadline: Double = 600) async throws -> PublisherAnswer {
        let request = request(with, deadline: deadline)
        return try await onOwnThread { try CommandPublisher().publish(request) }
    }

    private func verify(_ script: String) async throws -> PublisherOutcome {
        let request = request(["publish": ["true"], "verify": shell(script)])
        return try await onOwnThread { try CommandPublisher().verify(request).outcome }
    }

    @Test("the program gets the secret on standard input, without a line end, and nowhere else")
    func secretIsOnStandardInput() async throws {
        let script = "cat > \"$1/in\"; env > \"$1/env\"; cat /proc/$$/cmdline > \"$1/argv\"; echo \"noise\""
        let answer = try await publish(["publish": shell(script, folder.path)])
        #expect(answer.outcome == .committed && answer.message == "the program sh took it")
        let value = try #require(successor.revealed())
        #expect(try folder.read("in") == value)
        let environment = try folder.read("env").split(separator: "\n")
        for line in [
            "ORK_VERB=publish", "ORK_OPERATION=01JDB/web/3f9a", "ORK_ROTATION=01JDB", "ORK_TARGET=web",
            "ORK_DIGEST=\(Digest(of: successor))", "ORK_EXPECT=\(Digest(of: successor))",
        ] { #expect(environment.contains(line[...])) }
        for name in ["env", "argv"] { #expect(try !folder.read(name).contains(value)) }
    }

    @Test("no shell reads the arguments")
    func argumentsAreLiteral() async throws {
        let words: JSONValue = ["touch", .string(folder.file("$(id) ; x *"))]
        #expect(try await publish(["publish": words]).outcome == .committed)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["$(id) ; x *"])
    }

    @Test(
        "a status says what happened",
        arguments: [
            (64, .configuration), (65, .configuration), (66, .notFound), (69, .unavailable), (75, .unavailable),
            (77, .denied), (78, .configuration),
        ] as [(Int, PublisherError.Code)])
    func refusalsAreCertain(_ status: Int, _ code: PublisherError.Code) async throws {
        let error = try await #require(throws: PublisherError.self) {
            try await publish(["publish": shell("exit \(status)")])
        }
        #expect(error.code == code && error.message == "the program of 'publish' ended with status \(status)")
    }

    @Test("any other end leaves it unknown", arguments: ["exit 1", "exit 127", "kill -9 $$", "kill -TERM $$"])
    func otherEndsAreUnknown(_ script: String) async throws {
        guard case .unknown = try await publish(["publish": shell(script)]).outcome else {
            Issue.record("not unknown")
            return
        }
    }

    @Test("a program that does not end is stopped, even if it will not hear", arguments: ["", "trap '' TERM; "])
    func timeoutStops(_ lead: String) async throws {
        let script = lead + "echo $$ > \"$1/pid\"; while :; do sleep 0.1; done"
        let answer = try await publish(["publish": shell(script, folder.path), "timeout": "1s"])
        guard case .unknown(let error) = answer.outcome else {
            Issue.record("not unknown")
            return
        }
        #expect(error.message == "the program of 'publish' did not end in time and was stopped")
        let process = try #require(Int32(folder.read("pid").split(separator: "\n")[0]))
        #expect(kill(process, 0) != 0)
    }

    @Test("a program that does not read, or starts another one, does not hold us up")
    func pipesDoNotBlock() async throws {
        #expect(try await publish(["publish": ["true"]]).outcome == .committed)
        #expect(try await publish(["publish": shell("exec 0<&-; sleep 0.2")]).outcome == .committed)
        let start = ContinuousClock.now
        #expect(try await verify("sleep 40 & printf x") == .mismatch)
        #expect(ContinuousClock.now - start < .seconds(30))
    }

    @Test("reading back compares the value, or its digest, that the program prints")
    func verifyComparesOutput() async throws {
        let value = try #require(successor.revealed())
        #expect(try await verify("printf %s \(value)") == .match)
        #expect(try await verify("echo \(value)") == .match)
        #expect(try await verify("printf '%s\\r\\n' \(value)") == .match)
        #expect(try await verify("echo \(Digest(of: successor))") == .match)
        #expect(try await verify("printf %s \"$ORK_DIGEST\"") == .match)
        #expect(try await verify("echo \(value); echo") == .mismatch)
        #expect(try await verify("echo other") == .mismatch)
        #expect(try await verify("cat") == .absent)
        #expect(try await verify("echo") == .absent)
    }

    @Test("where the program of verify finds nothing, the key is written only if somebody says so")
    func nothingIsMadeUnasked() async throws {
        let with: JSONObject = ["publish": shell("cat >\"$1/made\"", folder.path), "verify": ["true"]]
        func ask(_ verb: Verb, _ with: JSONObject, create: Bool) async throws -> PublisherAnswer {
            let request = request(with, create: create)
            return try await onOwnThread { CommandPublisher().answer(verb, request) }
        }
        for verb in [Verb.check, .publish] {
            let answer = try await ask(verb, with, create: false)
            #expect(answer.outcome.error?.code == .notFound && answer.held == .nothing)
            #expect(answer.outcome.error?.message == "the program of 'verify' finds nothing: nothing held a key before")
        }
        #expect(!FileManager.default.fileExists(atPath: folder.file("made")))
        let ready = try await ask(.check, with, create: true)
        #expect(ready.message == "the program of 'verify' finds nothing: nothing held a key before")
        #expect(try await ask(.publish, with, create: true).outcome == .committed)
        // Without it nobody knows what is there.
        let blind = try await ask(.publish, ["publish": ["true"]], create: false)
        #expect(blind.outcome == .committed && blind.held == .unknown)
    }

    @Test("a check seals the value that the program of verify prints, and not one whose digest it prints")
    func sealing() async throws {
        let value = SampleKeys.text(SampleKeys.predecessor)
        for (script, sealed) in [("echo \(value)", 1), ("echo \(Digest(of: SampleKeys.predecessor))", 0)] {
            let with: JSONObject = ["publish": ["true"], "verify": shell(script)]
            let request = try PublisherRequest.sealingCheck(with, deadline: Date() + 600)
            let answer = try await onOwnThread { CommandPublisher().answer(.check, request) }
            #expect(answer.held == .predecessor)
            #expect(answer.sealed.count == sealed)
            #expect(try SampleRecipient.open(answer.sealed).allSatisfy { $0 == SampleKeys.predecessor })
        }
    }

    @Test("reading back that fails says so and never quotes what was printed")
    func verifyFails() async throws {
        for (script, code) in [
            ("echo sk-or-x; exit 77", PublisherError.Code.denied), ("echo sk-or-x; exit 3", .internal),
            ("head -c 70000 /dev/zero | tr '\\0' k", .configuration),
        ] {
            let error = try await #require(throws: PublisherError.self) { try await verify(script) }
            #expect(error.code == code && !error.message.contains("sk-or"))
        }
        let bare = request(["publish": ["true"]])
        #expect(try CommandPublisher().verify(bare).outcome == .unverifiable)
    }

    @Test("a check finds programs that are not there, and asks the one that is named")
    func checks() async throws {
        let file = try folder.write("#!/bin/sh\n", to: "plain")
        func check(_ with: JSONObject) async throws -> PublisherOutcome {
            let request = request(with)
            return try await onOwnThread { try CommandPublisher().check(request).outcome }
        }
        #expect(try await check(["publish": ["true"]]) == .ready)
        #expect(try await check(["publish": ["true"], "check": shell("test \"$ORK_VERB\" = check")]) == .ready)
        for (with, field) in [
            (["publish": ["ork-no-such-program"]], "with.publish"), (["publish": [.string(file)]], "with.publish"),
            (["publish": ["true"], "verify": ["/no/such"]], "with.verify"),
            (["publish": ["true"], "check": shell("exit 78")], "with.check"),
        ] as [(JSONObject, String)] {
            let error = try await #require(throws: PublisherError.self) { try await check(with) }
            #expect(error.code == .configuration && error.field == field)
        }
    }

    @Test(
        "settings are checked",
        arguments: [
            ([:], "with.publish"), (["publish": "true"], "with.publish"), (["publish": []], "with.publish"),
            (["publish": [""]], "with.publish"), (["publish": ["a", 1]], "with.publish"),
            (["publish": ["a\u{0}"]], "with.publish"), (["publish": ["a"], "verify": "b"], "with.verify"),
            (["publish": ["a"], "timeout": 3], "with.timeout"), (["publish": ["a"], "timeout": "0s"], "with.timeout"),
        ] as [(JSONObject, String)])
    func settingsAreChecked(_ with: JSONObject, _ field: String) throws {
        let error = try #require(throws: PublisherError.self) { try CommandSettings(with) }
        #expect(error.code == .configuration && error.field == field)
    }
}

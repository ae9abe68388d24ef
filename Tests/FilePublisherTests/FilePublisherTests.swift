import FoundationEssentials
import Glibc
import JSON
import PublisherKit
import Secrets
import Sodium
import TestSupport
import Testing

@testable import ork_publisher_file

let predecessor = Secret("sk-or-v1-" + String(repeating: "a", count: 64))
let successor = Secret("sk-or-v1-" + String(repeating: "b", count: 64))

func text(_ secret: Secret) -> String { secret.revealed() ?? "" }

func request(
    _ with: JSONObject, secret: Secret? = nil, create: Bool = true, deadline: Double = 600
) -> PublisherRequest {
    PublisherRequest(
        id: "1", operation: "01JDB/web/3f9a", rotation: "01JDB", deadline: Date() + deadline, target: "web", with: with,
        expect: [Digest(of: predecessor), Digest(of: successor)], create: create, digest: Digest(of: successor),
        secret: secret)
}

func publish(_ with: JSONObject, deadline: Double = 600) throws(PublisherError) -> PublisherOutcome {
    try FilePublisher().publish(request(with, secret: successor, deadline: deadline)).outcome
}

func status(_ path: String) -> stat {
    var status = stat()
    _ = unsafe lstat(path, &status)
    return status
}

/// The files in the folder, hidden ones too.
func files(_ folder: TemporaryDirectory) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
}

@Suite(.tags(.values)) struct FilePublisherTests {
    let folder: TemporaryDirectory
    var env: JSONObject { ["path": .string(folder.file(".env")), "name": "KEY"] }

    init() throws { folder = try TemporaryDirectory() }

    @Test("a predecessor is replaced, and a second time nothing happens")
    func replaces() throws {
        try folder.write("A=1\nKEY='\(text(predecessor))' # c\nB=2\n", to: ".env")
        unsafe chmod(folder.file(".env"), 0o600)
        let answer = try FilePublisher().publish(request(env, secret: successor))
        #expect(answer.outcome == .committed)
        #expect(answer.receipt == ["path": .string(folder.file(".env")), "format": "dotenv"])
        #expect(answer.message == "wrote KEY to \(folder.file(".env"))")
        #expect(try folder.read(".env") == "A=1\nKEY='\(text(successor))' # c\nB=2\n")
        let inode = status(folder.file(".env")).st_ino
        #expect(try publish(env) == .unchanged)
        #expect(status(folder.file(".env")).st_ino == inode)
        #expect(try FilePublisher().verify(request(env)).outcome == .match)
        #expect(try files(folder) == [".env"])
    }

    @Test("a file that is missing is made for its owner alone, or with the mode that is asked for")
    func makesFiles() throws {
        #expect(try FilePublisher().verify(request(env)).outcome == .absent)
        #expect(try FilePublisher().check(request(env)).outcome == .ready)
        #expect(try files(folder) == [])
        #expect(try publish(env) == .committed)
        #expect(try folder.read(".env") == "KEY=\(text(successor))\n")
        #expect(status(folder.file(".env")).st_mode & 0o7777 == 0o600)
        let other: JSONObject = ["path": .string(folder.file("k")), "format": "raw", "mode": "0644"]
        #expect(try publish(other) == .committed)
        #expect(try folder.read("k") == text(successor))
        #expect(status(folder.file("k")).st_mode & 0o7777 == 0o644)
    }

    @Test(
        "a file that more users can read than its target says draws a warning, in every answer",
        arguments: [
            (0o600, nil, false), (0o640, nil, true), (0o604, nil, true), (0o640, "0640", false), (0o644, "0640", true),
        ]
            as [(mode_t, String?, Bool)])
    func exposure(mode: mode_t, wanted: String?, warns: Bool) throws {
        try folder.write("KEY='\(text(predecessor))'\n", to: ".env")
        unsafe chmod(folder.file(".env"), mode)
        var with = env
        with["mode"] = wanted.map { .string($0) }
        let publisher = FilePublisher()
        let answers = [
            try publisher.check(request(with)), try publisher.publish(request(with, secret: successor)),
            try publisher.publish(request(with, secret: successor)),
        ]
        #expect(answers.map(\.outcome) == [.ready, .committed, .unchanged])
        for answer in answers {
            let warning = "warning: other users of this machine can read"
            #expect(answer.message?.contains(warning) ?? false == warns, "\(answer.message ?? "")")
        }
    }

    @Test("the mode and the owner stay", arguments: [UInt32(0o644), 0o640, 0o400, 0o4711])
    func modeStays(_ mode: UInt32) throws {
        let path = try folder.write("KEY=\n", to: ".env")
        let isRoot = geteuid() == 0
        if isRoot { unsafe #expect(chown(path, 1234, 2345) == 0) }
        unsafe #expect(chmod(path, mode) == 0)
        #expect(try publish(env) == .committed)
        #expect(status(path).st_mode & 0o7777 == mode)
        #expect(!isRoot || status(path).st_uid == 1234 && status(path).st_gid == 2345)
    }

    @Test("a link stays, and the file at the end of the chain is replaced")
    func linksAreFollowed() throws {
        try folder.write("KEY=\(text(predecessor))\n", to: "real")
        unsafe #expect(symlink("real", folder.file("one")) == 0)
        unsafe #expect(symlink(folder.file("one"), folder.file(".env")) == 0)
        #expect(try publish(env) == .committed)
        #expect(try folder.read("real") == "KEY=\(text(successor))\n")
        #expect(status(folder.file(".env")).st_mode & S_IFMT == S_IFLNK)
        #expect(status(folder.file("one")).st_mode & S_IFMT == S_IFLNK)
        #expect(try files(folder) == [".env", "one", "real"])
    }

    @Test(
        "a value that this rotation does not know is a conflict, and stays",
        arguments: ["KEY=mine\n", "KEY=\"a\\nb\"\n"])
    func othersValuesStay(_ content: String) throws {
        try folder.write(content, to: ".env")
        for attempt in [FilePublisher().publish, FilePublisher().check] {
            let error = try #require(throws: PublisherError.self) { try attempt(request(env, secret: successor)) }
            #expect(error.code == .conflict && error.field == "with.name" && !error.message.contains("mine"))
        }
        #expect(try folder.read(".env") == content)
        #expect(try FilePublisher().verify(request(env)).outcome == .mismatch)
    }

    @Test("an empty value is nothing", arguments: ["KEY=\n", "KEY=''\n", "KEY\n", "A=1\n"])
    func emptyIsNothing(_ content: String) throws {
        try folder.write(content, to: ".env")
        #expect(try FilePublisher().verify(request(env)).outcome == .absent)
        #expect(try publish(env) == .committed)
        #expect(try FilePublisher().verify(request(env)).outcome == .match)
    }

    @Test("what a killed run left is removed, and nothing else")
    func leftoversAreRemoved() throws {
        try folder.write("KEY=\(text(successor))\n", to: ".env")
        try folder.write("x", to: "..env.ork-0123456789abcdef")
        for name in ["..env.ork-0123456789abcde", "..env.ork-0123456789abcdeX", ".b.ork-0123456789abcdef"] {
            try folder.write("x", to: name)
        }
        #expect(try FilePublisher().check(request(env)).outcome == .ready)
        #expect(try files(folder).count == 5)
        #expect(try publish(env) == .unchanged)
        #expect(
            try files(folder)
                == ["..env.ork-0123456789abcde", "..env.ork-0123456789abcdeX", ".b.ork-0123456789abcdef", ".env"])
    }

    @Test("what a new file could not stand in for is refused before anything is written")
    func oddFilesAreRefused() throws {
        unsafe #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
        unsafe #expect(mkdir(folder.file("directory"), 0o700) == 0)
        unsafe #expect(symlink("nowhere", folder.file("dangling")) == 0)
        unsafe #expect(symlink("loop", folder.file("loop")) == 0)
        try folder.write("KEY=\n", to: "linked")
        unsafe #expect(link(folder.file("linked"), folder.file("again")) == 0)
        try folder.write("KEY='\n", to: "broken")
        let before = try files(folder)
        let cases: [(String, PublisherError.Code)] = [
            ("pipe", .configuration), ("directory", .configuration), ("dangling", .notFound), ("loop", .configuration),
            ("linked", .configuration), ("broken", .configuration), ("no/such", .notFound), ("broken/x", .notFound),
            (".", .configuration), (String(repeating: "n", count: 250), .configuration),
        ]
        for (name, code) in cases {
            let with: JSONObject = ["path": .string(folder.file(name)), "name": "KEY", "format": "dotenv"]
            let error = try #require(throws: PublisherError.self, "\(name)") { try publish(with) }
            #expect(error.code == code, "\(name): \(error)")
        }
        #expect(try files(folder) == before)
    }

    @Test(
        "settings are checked",
        arguments: [
            (["name": "KEY"], "with.path"), (["path": ""], "with.path"),
            (["path": "~/.env", "name": "K"], "with.path"),
            (["path": "d/", "name": "K"], "with.path"), (["path": 1], "with.path"), (["path": "/x"], "with.format"),
            (["path": "/x", "format": "toml"], "with.format"), (["path": "/.env"], "with.name"),
            (["path": "/x", "format": "raw", "name": "K"], "with.name"),
            (["path": "/.env", "name": "A B"], "with.name"),
            (["path": "/.env", "name": "K", "mode": 640], "with.mode"),
            (["path": "/.env", "name": "K", "mode": "0888"], "with.mode"),
            (["path": "/.env", "name": "K", "mode": "0044"], "with.mode"),
        ] as [(JSONObject, String)])
    func settingsAreChecked(_ with: JSONObject, _ field: String) throws {
        let error = try #require(throws: PublisherError.self) { try FileSettings(with) }
        #expect(error.code == .configuration && error.field == field, "\(error)")
    }

    @Test(
        "neither a file nor a name in one is made unless somebody says so",
        arguments: [nil, "OTHER=1\n", "KEY=\n"], [[:], ["create": false], ["create": "false"]] as [JSONObject])
    func nothingIsMadeUnasked(content: String?, settings: JSONObject) throws {
        if let content { try folder.write(content, to: ".env") }
        var with = env
        for (key, value) in settings.members { with[key] = value }
        let path = folder.file(".env")
        let error = PublisherError.notMade(
            content == nil ? "no file \(path)" : "no value at KEY in \(path)",
            field: content == nil ? "with.path" : "with.name")
        for verb in [Verb.check, .publish] {
            let answer = FilePublisher().answer(verb, request(with, secret: successor, create: false))
            #expect(answer.outcome == .rejected(error) && answer.held == .nothing)
        }
        #expect(try content == nil ? files(folder) == [] : folder.read(".env") == content)
        with["create"] = "true"
        let made = FilePublisher().answer(.publish, request(with, secret: successor, create: false))
        #expect(made.outcome == .committed && made.held == .nothing)
        #expect(made.message?.hasPrefix("made KEY in \(path)") == true)
        let again = FilePublisher().answer(.publish, request(env, secret: successor, create: false))
        #expect(again.outcome == .unchanged && again.held == .successor)
    }

    @Test("every verb tells what the file held before it did anything")
    func tellsWhatWasHeld() throws {
        let foreign = "sk-or-v1-" + String(repeating: "c", count: 64)
        for (value, held) in [(text(predecessor), Held.predecessor), (text(successor), .successor), (foreign, .other)] {
            for verb in Verb.basic {
                try folder.write("KEY=\(value)\n", to: ".env")
                let answer = FilePublisher().answer(verb, request(env, secret: successor))
                #expect(answer.held == held && answer.holds == (held == .successor ? nil : Digest(of: Secret(value))))
            }
        }
    }

    @Test("a wish to make that is neither true nor false is refused by every verb")
    func wishesAreChecked() {
        var with = env
        with["create"] = "maybe"
        for verb in Verb.basic {
            #expect(
                FilePublisher().answer(verb, request(with, secret: successor)).outcome.error?.field == "with.create")
        }
    }

    @Test("after the deadline nothing is written")
    func deadlineHolds() throws {
        #expect(try #require(throws: PublisherError.self) { try publish(env, deadline: -1) }.code == .unavailable)
        #expect(try files(folder) == [])
    }

    @Test("while another process holds the directory, nothing is written")
    func lockHolds() throws {
        let other = try TargetFile(folder.file(".env"))
        try other.lock(until: Date())
        #expect(try #require(throws: PublisherError.self) { try publish(env, deadline: 0.2) }.code == .unavailable)
        #expect(try files(folder) == [])
    }

    @Test("a change by somebody who does not know the lock is not lost")
    func othersChangesStay() throws {
        try folder.write("A=1\n", to: ".env")
        let target = try TargetFile(folder.file(".env"))
        let content = try target.read()
        try folder.write("A=1\nB=2\n", to: ".env")
        let error = try #require(throws: PublisherError.self) {
            try target.replace(content, with: Array("A=1\nKEY=x\n".utf8), mode: 0o600)
        }
        #expect(error.code == .unavailable)
        #expect(try folder.read(".env") == "A=1\nB=2\n")
        #expect(try files(folder) == [".env"])
    }
}

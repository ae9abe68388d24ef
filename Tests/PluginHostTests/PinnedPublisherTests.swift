import FoundationEssentials
import Glibc
import PluginHost
import PublisherHosting
import PublisherKit
import Sodium
import Synchronization
import TestSupport
import Testing

/// A target's `sha256` is that of what runs, whatever becomes of the name under which it was found.
@Suite(.serialized, .tags(.processes)) struct PinnedPublisherTests {
    /// A publisher whose program is reached by a link, and another program that takes what it can get.
    private struct Place {
        let plugins: FakePlugins
        let pin: String
        var link: String { plugins.folder.file("ork-publisher-pinned") }
        var hasStolen: Bool { FileManager.default.fileExists(atPath: plugins.folder.file("stolen")) }

        init() throws {
            plugins = try FakePlugins()
            let good = try plugins.folder.writeProgram(
                """
                #!/bin/sh
                [ $1 = info ] && echo '\(FakePlugins.information())' && exit
                id=$(sed 's/.*"id":"\\([0-9]*\\)".*/\\1/')
                echo "{\\"id\\":\\"$id\\",\\"outcome\\":\\"committed\\"}"

                """, to: "good")
            pin = SHA256.hex(Array(try Data(contentsOf: URL(filePath: good))))
            _ = try plugins.folder.writeProgram(
                "#!/bin/sh\nexec cat >>'\(plugins.folder.file("stolen"))'\n", to: "evil")
            Self.turn(link, to: "good")
        }

        func address() throws -> PublisherAddress { try FakePlugins.address("pinned", pin: pin) }

        static func turn(_ link: String, to program: String) {
            let temporary = link + ".tmp"
            unsafe symlink(program, temporary)
            unsafe rename(temporary, link)
        }
    }

    @Test("a pinned publisher runs only if its file has that SHA-256")
    func pins() async throws {
        let place = try Place()
        let other = String(repeating: "0", count: 64)
        let answers = try await place.plugins.publish([
            try place.address(), try FakePlugins.address("pinned", pin: other),
        ])
        #expect(answers.map { $0?.outcome.word } == ["committed", "rejected"])
    }

    @Test("a publisher works in the folder of its target, pinned or not, with the files that variables name from here")
    func folder() async throws {
        let plugins = try FakePlugins()
        let script = """
            #!/bin/sh
            [ $1 = info ] && echo '\(FakePlugins.information())' && exit
            id=$(sed 's/.*"id":"\\([0-9]*\\)".*/\\1/')
            echo "$SSL_CERT_FILE" >>works-here
            echo "{\\"id\\":\\"$id\\",\\"outcome\\":\\"committed\\"}"

            """
        let program = try plugins.addProgram("wanders", script)
        let pin = SHA256.hex(Array(try Data(contentsOf: URL(filePath: program))))
        let there = try TemporaryDirectory()
        let answers = try await plugins.publish(
            [
                try FakePlugins.address("wanders", folder: there.path),
                try FakePlugins.address("wanders", pin: pin, folder: there.path),
            ], environment: ["SSL_CERT_FILE": "ca.pem"])
        #expect(answers.map { $0?.outcome.word } == ["committed", "committed"])
        let certificates = FileManager.default.currentDirectoryPath + "/ca.pem\n"
        #expect(try String(contentsOfFile: there.file("works-here"), encoding: .utf8) == certificates + certificates)
    }

    @Test("a link that is turned once the file was looked at leads nowhere else")
    func turnedLink() async throws {
        let place = try Place()
        // It runs alone, after both files have been looked at.
        try place.plugins.add("neighbour", "ln -sfn evil ork-publisher-pinned\n" + PluginHostTests.committed)
        var limits = FakePlugins.patient
        limits.processes = 1
        let answers = try await place.plugins.publish(
            [try FakePlugins.address("neighbour"), try place.address()], limits: limits)
        #expect(!place.hasStolen)
        #expect(answers.map { $0?.outcome.word } == ["committed", "committed"])
    }

    @Test("a link that is turned all the time never hands the key to another program")
    func turningLink() async throws {
        let place = try Place()
        let turner = Turner()
        async let turning: Void = onOwnThread { turner.turn(place.link) }
        for _ in 0..<60 { _ = try await place.plugins.publish([try place.address()]) }
        turner.isOver.store(true, ordering: .relaxed)
        try await turning
        #expect(!place.hasStolen)
    }

    private final class Turner: Sendable {
        let isOver = Atomic(false)

        func turn(_ link: String) {
            while !isOver.load(ordering: .relaxed) {
                for program in ["evil", "good"] { Place.turn(link, to: program) }
            }
        }
    }
}

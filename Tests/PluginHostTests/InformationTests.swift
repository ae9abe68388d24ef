import FoundationEssentials
import Glibc
import PluginHost
import PublisherKit
import TestSupport
import Testing

/// What publishers say of themselves.
@Suite(.serialized, .tags(.processes)) struct InformationTests {
    @Test(
        "an info that breaks the contract is refused",
        arguments: [
            ("echo '{\"protocol\":2,\"verbs\":[]}'", "protocol 2"), ("echo junk", "not valid JSON"),
            ("exit 3", "failed: it ended with status 3"), ("kill -9 $$", "failed: it was ended by signal 9"),
            ("exec yes", "longer than"), ("echo '{\"protocol\":1,\"verbs\":7}'", "array of strings"),
            ("exec sleep 300", "in time"),
        ])
    func informationThatRefuses(body: String, message: String) async throws {
        let plugins = try FakePlugins()
        try plugins.addProgram("odd", "#!/bin/sh\n\(body)\n")
        let address = try FakePlugins.address("odd")
        let error = try await onOwnThread {
            var limits = Limits()
            // Only the one that hangs is to meet its end; the others may be slow on a busy machine.
            limits.informationTime = body.contains("sleep") ? .seconds(2) : .seconds(60)
            limits.grace = .milliseconds(200)
            do {
                _ = try plugins.host([:], limits).information(address)
                return PublisherError?.none
            } catch let error as PublisherError {
                return error
            }
        }
        #expect(error?.message.contains(message) == true, "\(String(describing: error))")
    }

    @Test("publishers are asked what they say of themselves all at once, and each of them once")
    func askedAtOnce() async throws {
        let plugins = try FakePlugins()
        let addresses = try ["one", "two", "three"].map { try FakePlugins.address($0) }
        for name in ["one", "two", "three"] {
            try plugins.addProgram(
                name,
                """
                #!/bin/sh
                cd '\(plugins.folder.path)'; echo >>\(name)
                until [ -e one ] && [ -e two ] && [ -e three ]; do sleep 0.05; done
                echo '\(FakePlugins.information())'
                """)
        }
        let readbacks = try await onOwnThread {
            let host = plugins.host()
            host.prepare(addresses + addresses)
            let readbacks = try addresses.map { try host.information($0).readback }
            host.prepare(addresses)
            return try readbacks + [host.information(addresses[0]).readback]
        }
        #expect(readbacks == [.none, .none, .none, .none])
        for name in ["one", "two", "three"] { #expect(try plugins.folder.read(name) == "\n") }
    }

    @Test("a publisher that nobody waits for any more is ended with the host")
    func abandoned() async throws {
        let plugins = try FakePlugins()
        try plugins.addProgram(
            "slow", "#!/bin/sh\necho $$ >'\(plugins.folder.path)/slow'; trap '' TERM; while :; do sleep 1; done\n")
        let address = try FakePlugins.address("slow")
        try await onOwnThread {
            var limits = FakePlugins.patient
            limits.grace = .milliseconds(200)
            let host = plugins.host([:], limits)
            host.prepare([address])
            while (try? plugins.folder.read("slow"))?.hasSuffix("\n") != true { usleep(20_000) }
        }
        #expect(!PluginHostTests.runs(try plugins.folder.read("slow").split(separator: "\n").joined()))
    }
}

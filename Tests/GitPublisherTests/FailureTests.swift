import Glibc
import JSON
import PublisherKit
import TestSupport
import Testing

/// The publisher, or its server, dies at the worst moments; the next look at the branch settles what was in doubt.
@Suite(.serialized, .timeLimit(.minutes(10)), .tags(.servers))
struct FailureTests {
    /// A hook of the server, once, and with the server's own `sshd` in `$SERVER` and the publisher in `$PUBLISHER`.
    private func hook(_ name: String, _ script: String, in fixture: GitFixture) async throws {
        try await fixture.sh(
            """
            rm -f struck; cat >hook <<'END'
            #!/bin/sh
            cd \(fixture.git.folder.path); [ ! -e struck ] || exit 0; touch struck
            SERVER=$(awk '/^PPid/{print $2}' /proc/$PPID/status); PUBLISHER=$(cat pid 2>/dev/null)
            \(script)
            END
            install -m 755 hook remote.git/hooks/\(name)
            """)
    }

    /// Runs the publisher so that a hook can find its process, and returns its answer if it lived to give one.
    private func publish(_ fixture: GitFixture, _ request: GitFixture.Request = .init()) async throws
        -> PublisherAnswer?
    {
        let wrapper = ["/bin/sh", "-c", #"echo $$ >"$0"; exec "$@""#, fixture.git.folder.file("pid")]
        let run = try await fixture.start(.publish, fixture.line(.publish, request, fixture.with), wrapper: wrapper)
        guard run.succeeded else { return nil }
        return try PublisherAnswer.parse(run.output.utf8.dropLast(), .publish).answer
    }

    private static let ways: [JSONObject] = [[:], ["identity": .null]]

    @Test("killed before the server has the commit, it leaves nothing, and the next run commits", arguments: ways)
    func killedBefore(with: JSONObject) async throws {
        let secure = try await TransportTests.Secure(with)
        try await hook("pre-receive", "kill -9 $PUBLISHER; exit 1", in: secure.fixture)
        #expect(try await publish(secure.fixture) == nil)
        #expect(try await secure.fixture.commits() == 2)
        #expect(try await publish(secure.fixture)?.outcome == .committed)
        #expect(try await secure.fixture.commits() == 3)
    }

    @Test("killed after the server has the commit, the next run finds it and makes no second one", arguments: ways)
    func killedAfter(with: JSONObject) async throws {
        let secure = try await TransportTests.Secure(with)
        try await hook("post-receive", "kill -9 $PUBLISHER", in: secure.fixture)
        #expect(try await publish(secure.fixture) == nil)
        #expect(try await secure.fixture.commits() == 3)
        // Others commit meanwhile, and the file is still as it was.
        try await secure.fixture.commit("echo more >later")
        #expect(try await publish(secure.fixture)?.outcome == .unchanged)
        #expect(try await secure.fixture.commits() == 4)
    }

    @Test("a server that dies before it has the commit is asked again", arguments: ways)
    func serverDiesBefore(with: JSONObject) async throws {
        let secure = try await TransportTests.Secure(with)
        try await hook("pre-receive", "kill -9 $SERVER $PPID; exit 1", in: secure.fixture)
        let answer = try await publish(secure.fixture)
        #expect(answer?.outcome == .committed, "\(String(describing: answer))")
        #expect(try await secure.fixture.commits() == 3)
        try await secure.fixture.sh("git -C remote.git fsck --strict")
    }

    @Test("a server that dies before it can say that it has the commit is looked at again", arguments: ways)
    func serverDiesAfter(with: JSONObject) async throws {
        let secure = try await TransportTests.Secure(with)
        try await hook("post-receive", "kill -9 $SERVER $PPID", in: secure.fixture)
        let answer = try await publish(secure.fixture)
        #expect(answer?.outcome == .committed, "\(String(describing: answer))")
        #expect(try await secure.fixture.commits() == 3)
    }

    @Test("where the server does not come back, nobody knows, and that is the answer")
    func serverIsGone() async throws {
        let secure = try await TransportTests.Secure()
        try await hook(
            "post-receive", "chmod 0 remote.git/objects; mv remote.git gone.git; kill -9 $SERVER $PPID",
            in: secure.fixture)
        var request = GitFixture.Request()
        request.deadline = 20
        let answer = try await publish(secure.fixture, request)
        #expect(answer?.short.hasPrefix("unknown ") == true, "\(String(describing: answer))")
        try await secure.fixture.sh("mv gone.git remote.git; chmod 755 remote.git/objects")
        #expect(try await publish(secure.fixture)?.outcome == .unchanged)
        #expect(try await secure.fixture.commits() == 3)
    }

    @Test("a server whose disk is full is told as such, and the branch stays", .enabled(if: geteuid() == 0))
    func fullDisk() async throws {
        let secure = try await TransportTests.Secure()
        let fixture = secure.fixture
        do {
            try await fixture.sh(
                "mkdir small; mount -t tmpfs -o size=1m ork-test small; cp -r remote.git small/; cat /dev/zero >small/filler || true"
            )
        } catch { return }
        let remote = fixture.with["remote"]?.string?.replacing("remote.git", with: "small/remote.git") ?? ""
        let answer = try await fixture.publish(.init(deadline: 15), ["remote": .string(remote)])
        let commits = try await fixture.sh("rm small/filler; git -C small/remote.git rev-list --count main")
        let later = try await fixture.publish(.init(), ["remote": .string(remote)])
        try await fixture.sh("umount small")
        #expect(answer.short == "rejected unavailable", "\(answer)")
        #expect(commits == "2")
        #expect(later.outcome == .committed)
    }

    @Test(
        "a server that says nothing is given up at the deadline by whoever runs the publisher, and leaves nothing behind"
    )
    func silence() async throws {
        var secure = try await TransportTests.Secure()
        let temporary = try TemporaryDirectory()
        secure.fixture.environment["TMPDIR"] = temporary.path
        // The system takes connections, and nobody reads from them.
        let listener = try Socket.listening()
        let remote = JSONValue.string("ssh://x@127.0.0.1:\(listener.port)/x.git")
        var with = secure.fixture.with
        with["remote"] = remote
        let run = try await secure.fixture.start(
            .publish, secure.fixture.line(.publish, .init(), with), wrapper: ["/usr/bin/timeout", "-s", "KILL", "2"])
        #expect(!run.succeeded && run.output.isEmpty)
        #expect(try await secure.fixture.sh("ls \(temporary.path) | grep -c ork-git-") == "1")
        // The next run works, and clears away what the killed one has left.
        #expect(try await secure.fixture.publish().outcome == .committed)
        #expect(try await secure.fixture.sh("ls \(temporary.path)").isEmpty)
    }
}

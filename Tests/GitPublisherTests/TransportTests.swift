import Glibc
import JSON
import PublisherKit
import TestSupport
import Testing

/// The publisher against OpenSSH's server and nginx with `git http-backend`.
@Suite(.timeLimit(.minutes(10)), .tags(.servers))
struct TransportTests {
    /// A fixture whose repository is behind OpenSSH's server.
    struct Secure {
        var fixture: GitFixture
        let server: GitServer

        init(_ with: JSONObject = [:]) async throws {
            var fixture = try await GitFixture(["path": "key.age", "format": "raw", "encrypt": "age"])
            try await fixture.sh(
                """
                ssh-keygen -q -t ed25519 -N '' -f host_ed25519; ssh-keygen -q -t ed25519 -N '' -f mine
                ssh-keygen -q -t ecdsa -N 'open it' -f locked; ssh-keygen -q -t ed25519 -N '' -f other
                cat mine.pub locked.pub >authorized_keys
                """)
            let folder = fixture.git.folder
            let server = try await onOwnThread { try GitServer(["ssh", folder.path]) }
            let user = try await fixture.sh("id -un")
            fixture.with["remote"] = .string("ssh://\(user)@127.0.0.1:\(server.port)\(folder.file("remote.git"))")
            fixture.with["host_key"] = .string(try await fixture.sh("cut -d' ' -f1,2 host_ed25519.pub"))
            fixture.with["recipients"] = .string(try await fixture.sh("echo $MINE"))
            fixture.with["identity"] = .string(folder.file("mine.txt"))
            fixture.with["ssh_key"] = .string(folder.file("mine"))
            fixture.with.take(with)
            self.fixture = fixture
            self.server = server
        }
    }

    /// A fixture whose repository is behind nginx with `git http-backend`.
    struct Web {
        var fixture: GitFixture
        let server: GitServer

        init(_ with: JSONObject = [:], certificate: String = "valid") async throws {
            var fixture = try await GitFixture(["path": "key.age", "format": "raw", "encrypt": "age"])
            let pairs = try await TransportTests.certificates.value
            let folder = fixture.git.folder
            try folder.write("open-sesame", to: "token")
            let server = try await onOwnThread {
                try GitServer(["https", folder.path, folder.path, pairs.file(certificate)])
            }
            fixture.with["remote"] = .string("https://localhost:\(server.port)/remote.git")
            fixture.with["user"] = "ork"
            fixture.with["recipients"] = .string(try await fixture.sh("echo $MINE"))
            fixture.with["identity"] = .string(folder.file("mine.txt"))
            fixture.with.take(with)
            fixture.environment = ["GIT_TOKEN": "open-sesame", "SSL_CERT_FILE": pairs.file("authority.pem")]
            self.fixture = fixture
            self.server = server
        }
    }

    @Test("a key in a file, in the environment, locked or in an agent opens an SSH server")
    func keys() async throws {
        var secure = try await Secure(["ssh_key": .null])
        #expect(try await secure.fixture.publish().short == "rejected denied")

        secure.fixture.environment["GIT_SSH_KEY"] = try await secure.fixture.sh("cat mine")
        let answer = try await secure.fixture.publish()
        #expect(answer.outcome == .committed, "\(answer)")

        secure.fixture.environment["GIT_SSH_KEY"] = secure.fixture.git.folder.file("mine")
        #expect(try await secure.fixture.verify().outcome == .match)

        secure.fixture.environment["GIT_SSH_KEY"] = try await secure.fixture.sh("cat locked")
        #expect(try await secure.fixture.verify().short == "rejected denied")
        secure.fixture.environment["GIT_SSH_PASSPHRASE"] = "open it"
        #expect(try await secure.fixture.verify().outcome == .match)

        let file: JSONObject = ["ssh_key": .string(secure.fixture.git.folder.file("mine"))]
        secure.fixture.environment = [:]
        #expect(try await secure.fixture.verify(.init(), file).outcome == .match)

        let agent = try SSHAgent(at: secure.fixture.git.folder.file("agent"))
        try await secure.fixture.sh("SSH_AUTH_SOCK=$PWD/agent ssh-add -q mine")
        secure.fixture.environment["SSH_AUTH_SOCK"] = secure.fixture.git.folder.file("agent")
        let withAgent = try await secure.fixture.verify()
        agent.end()
        #expect(withAgent.outcome == .match, "\(withAgent)")

        secure.fixture.environment = ["GIT_SSH_KEY": try await secure.fixture.sh("cat other")]
        #expect(try await secure.fixture.publish().short == "rejected denied")
    }

    @Test("a host key counts if it is pinned or known, and no other does")
    func hostKeys() async throws {
        let secure = try await Secure()
        let fixture = secure.fixture
        let print = try await fixture.sh("ssh-keygen -lf host_ed25519.pub | cut -d' ' -f2")
        #expect(try await fixture.check(.init(), ["host_key": .string(print)]).outcome == .ready)
        let unknown = try await fixture.check(.init(), ["host_key": .null])
        #expect(unknown.short == "rejected configuration with.host_key")
        #expect(unknown.outcome.error?.message.contains(print) == true)
        let other = try await fixture.sh("cut -d' ' -f1,2 other.pub")
        let changed = try await fixture.publish(.init(), ["host_key": .string(other)])
        #expect(changed.short == "rejected configuration with.host_key")
        #expect(changed.outcome.error?.message.contains("another host key") == true)
        let line = "[127.0.0.1]:\(secure.server.port) $(cat host_ed25519.pub)"
        try await fixture.sh("mkdir .ssh; echo \"\(line)\" >.ssh/known_hosts; cp .ssh/known_hosts mine_hosts")
        #expect(try await fixture.check(.init(), ["host_key": .null]).outcome == .ready)
        try await fixture.sh("rm .ssh/known_hosts")
        let file = JSONValue.string(fixture.git.folder.file("mine_hosts"))
        #expect(try await fixture.check(.init(), ["host_key": .null, "known_hosts": file]).outcome == .ready)
        #expect(try await fixture.commits() == 2)
    }

    @Test("a shallow checkout, a full one and none lead to the same commit", arguments: ["--depth 1", "", nil])
    func checkouts(depth: String?) async throws {
        var secure = try await Secure()
        if let depth {
            try await secure.fixture.sh(
                "git clone -q \(depth) file://$PWD/remote.git checkout 2>/dev/null; echo mine >checkout/dirty")
            secure.fixture.with["checkout"] = .string(secure.fixture.git.folder.file("checkout"))
        }
        try await secure.fixture.commit("echo more >later")
        let before = try await secure.fixture.sh("git -C remote.git rev-parse main")
        let answer = try await secure.fixture.publish()
        #expect(answer.outcome == .committed, "\(answer)")
        #expect(try await secure.fixture.sh("git -C remote.git rev-parse main~1") == before)
        #expect(try await secure.fixture.sh("git -C remote.git log -1 --format= --name-only main") == "key.age")
        try await secure.fixture.sh("git -C remote.git fsck --strict")
        if depth != nil {
            let status = try await secure.fixture.sh(
                "git -C checkout status --porcelain; git -C checkout for-each-ref | wc -l")
            #expect(status == "?? dirty\n3", "the checkout was touched")
        }
        let bytes = try await Python.run(
            "read.py", [secure.fixture.git.folder.file("remote.git"), "main", "key.age"])
        #expect(bytes.succeeded && bytes.output.hasPrefix("-----BEGIN AGE ENCRYPTED FILE-----"))
    }

    @Test("a checkout that is none is told")
    func noCheckout() async throws {
        let secure = try await Secure()
        let answer = try await secure.fixture.publish(
            .init(), ["checkout": .string(secure.fixture.git.folder.file("host"))])
        #expect(answer.short == "rejected not_found with.checkout")
    }

    @Test("a hook that declines and a read-only server are refusals, and nothing is written")
    func declined() async throws {
        let secure = try await Secure()
        let fixture = secure.fixture
        try await fixture.sh(
            "printf '#!/bin/sh\\necho no >&2; exit 1\\n' >hook; install -m 755 hook remote.git/hooks/update")
        let answer = try await fixture.publish()
        #expect(answer.short == "rejected denied with.branch")
        #expect(answer.outcome.error?.message.contains("hook declined") == true)
        // What only a commit finds out, checking does not.
        #expect(try await fixture.check().outcome == .ready)
        try await fixture.sh("rm remote.git/hooks/update; git -C remote.git config receive.denyNonFastForwards true")
        #expect(try await fixture.commits() == 2)
        #expect(try await fixture.publish().outcome == .committed)
    }

    @Test("no server, and no repository there")
    func nowhere() async throws {
        let secure = try await Secure()
        let gone = try await secure.fixture.publish(.init(deadline: 4), ["remote": "ssh://x@127.0.0.1:1/none.git"])
        #expect(gone.short == "rejected unavailable")
        let remote = secure.fixture.with["remote"]?.string ?? ""
        let none = try await secure.fixture.publish(
            .init(), ["remote": .string(remote.replacing("remote.git", with: "none.git"))])
        #expect(none.short == "rejected not_found with.remote")
    }

    private static let certificates = Task {
        let git = try await GitFolder()
        try await GitCertificates.make(in: git)
        return git.folder
    }

    @Test("over HTTPS a token opens the server, a wrong one does not")
    func https() async throws {
        var web = try await Web()
        #expect(try await web.fixture.check().outcome == .ready)
        let answer = try await web.fixture.publish()
        #expect(answer.outcome == .committed, "\(answer)")
        #expect(try await web.fixture.verify().outcome == .match)
        web.fixture.environment["GIT_TOKEN"] = "wrong"
        #expect(try await web.fixture.check().short == "rejected denied")
        #expect(try await web.fixture.publish().short == "rejected denied")
        web.fixture.environment["GIT_TOKEN"] = nil
        #expect(try await web.fixture.publish().short == "rejected denied")
        #expect(try await web.fixture.commits() == 3)
        try await web.fixture.sh("git -C remote.git fsck --strict")
    }

    @Test("certificates count", arguments: ["expired", "wrongname", "strange"])
    func certificate(name: String) async throws {
        let web = try await Web(certificate: name)
        let answer = try await web.fixture.publish()
        #expect(answer.short == "rejected unavailable", "\(answer)")
        #expect(answer.outcome.error?.message.contains("not trusted") == true)
        #expect(try await web.fixture.commits() == 2)
    }
}

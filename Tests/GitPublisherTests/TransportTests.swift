import Glibc
import JSON
import PublisherKit
import TestSupport
import Testing

/// The publisher against OpenSSH's server and nginx with `git http-backend`.
@Suite(.timeLimit(.minutes(3)), .tags(.servers))
struct TransportTests {
    /// A world whose repository is behind OpenSSH's server.
    struct Secure {
        var world: World
        let server: GitServer

        init(_ with: JSONObject = [:]) async throws {
            var world = try await World(["path": "key.age", "format": "raw", "encrypt": "age"])
            try await world.sh(
                """
                ssh-keygen -q -t ed25519 -N '' -f host_ed25519; ssh-keygen -q -t ed25519 -N '' -f mine
                ssh-keygen -q -t ecdsa -N 'open it' -f locked; ssh-keygen -q -t ed25519 -N '' -f other
                cat mine.pub locked.pub >authorized_keys
                """)
            let folder = world.git.folder
            let server = try await onOwnThread { try GitServer(["ssh", folder.path]) }
            let user = try await world.sh("id -un")
            world.with["remote"] = .string("ssh://\(user)@127.0.0.1:\(server.port)\(folder.file("remote.git"))")
            world.with["host_key"] = .string(try await world.sh("cut -d' ' -f1,2 host_ed25519.pub"))
            world.with["recipients"] = .string(try await world.sh("echo $MINE"))
            world.with["identity"] = .string(folder.file("mine.txt"))
            world.with["ssh_key"] = .string(folder.file("mine"))
            world.with.take(with)
            self.world = world
            self.server = server
        }
    }

    @Test("a key in a file, in the environment, locked or in an agent opens an SSH server")
    func keys() async throws {
        var secure = try await Secure(["ssh_key": .null])
        #expect(try await secure.world.publish().short == "rejected denied")

        secure.world.environment["GIT_SSH_KEY"] = try await secure.world.sh("cat mine")
        let answer = try await secure.world.publish()
        #expect(answer.outcome == .committed, "\(answer)")

        secure.world.environment["GIT_SSH_KEY"] = secure.world.git.folder.file("mine")
        #expect(try await secure.world.verify().outcome == .match)

        secure.world.environment["GIT_SSH_KEY"] = try await secure.world.sh("cat locked")
        #expect(try await secure.world.verify().short == "rejected denied")
        secure.world.environment["GIT_SSH_PASSPHRASE"] = "open it"
        #expect(try await secure.world.verify().outcome == .match)

        let file: JSONObject = ["ssh_key": .string(secure.world.git.folder.file("mine"))]
        secure.world.environment = [:]
        #expect(try await secure.world.verify(.init(), file).outcome == .match)

        let agent = try await secure.world.sh(
            "eval $(ssh-agent -a $PWD/agent) >/dev/null; ssh-add -q mine; echo $SSH_AGENT_PID")
        secure.world.environment["SSH_AUTH_SOCK"] = secure.world.git.folder.file("agent")
        let withAgent = try await secure.world.verify()
        try await secure.world.sh("kill \(agent)")
        #expect(withAgent.outcome == .match, "\(withAgent)")

        secure.world.environment = ["GIT_SSH_KEY": try await secure.world.sh("cat other")]
        #expect(try await secure.world.publish().short == "rejected denied")
    }

    @Test("a host key counts if it is pinned or known, and no other does")
    func hostKeys() async throws {
        let secure = try await Secure()
        let world = secure.world
        let print = try await world.sh("ssh-keygen -lf host_ed25519.pub | cut -d' ' -f2")
        #expect(try await world.check(.init(), ["host_key": .string(print)]).outcome == .ready)
        let unknown = try await world.check(.init(), ["host_key": .null])
        #expect(unknown.short == "rejected configuration with.host_key")
        #expect(unknown.outcome.error?.message.contains(print) == true)
        let other = try await world.sh("cut -d' ' -f1,2 other.pub")
        let changed = try await world.publish(.init(), ["host_key": .string(other)])
        #expect(changed.short == "rejected configuration with.host_key")
        #expect(changed.outcome.error?.message.contains("another host key") == true)
        let line = "[127.0.0.1]:\(secure.server.port) $(cat host_ed25519.pub)"
        try await world.sh("mkdir .ssh; echo \"\(line)\" >.ssh/known_hosts; cp .ssh/known_hosts mine_hosts")
        #expect(try await world.check(.init(), ["host_key": .null]).outcome == .ready)
        try await world.sh("rm .ssh/known_hosts")
        let file = JSONValue.string(world.git.folder.file("mine_hosts"))
        #expect(try await world.check(.init(), ["host_key": .null, "known_hosts": file]).outcome == .ready)
        #expect(try await world.commits() == 2)
    }

    @Test("a shallow checkout, a full one and none lead to the same commit", arguments: ["--depth 1", "", nil])
    func checkouts(depth: String?) async throws {
        var secure = try await Secure()
        if let depth {
            try await secure.world.sh(
                "git clone -q \(depth) file://$PWD/remote.git checkout 2>/dev/null; echo mine >checkout/dirty")
            secure.world.with["checkout"] = .string(secure.world.git.folder.file("checkout"))
        }
        try await secure.world.commit("echo more >later")
        let before = try await secure.world.sh("git -C remote.git rev-parse main")
        let answer = try await secure.world.publish()
        #expect(answer.outcome == .committed, "\(answer)")
        #expect(try await secure.world.sh("git -C remote.git rev-parse main~1") == before)
        #expect(try await secure.world.sh("git -C remote.git log -1 --format= --name-only main") == "key.age")
        try await secure.world.sh("git -C remote.git fsck --strict")
        if depth != nil {
            let status = try await secure.world.sh(
                "git -C checkout status --porcelain; git -C checkout for-each-ref | wc -l")
            #expect(status == "?? dirty\n3", "the checkout was touched")
        }
        let bytes = try await Python.run(
            "read.py", [secure.world.git.folder.file("remote.git"), "main", "key.age"])
        #expect(bytes.succeeded && bytes.output.hasPrefix("-----BEGIN AGE ENCRYPTED FILE-----"))
    }

    @Test("a checkout that is none is told")
    func noCheckout() async throws {
        let secure = try await Secure()
        let answer = try await secure.world.publish(
            .init(), ["checkout": .string(secure.world.git.folder.file("host"))])
        #expect(answer.short == "rejected not_found with.checkout")
    }

    @Test("a hook that declines and a read-only server are refusals, and nothing is written")
    func declined() async throws {
        let secure = try await Secure()
        let world = secure.world
        try await world.sh(
            "printf '#!/bin/sh\\necho no >&2; exit 1\\n' >hook; install -m 755 hook remote.git/hooks/update")
        let answer = try await world.publish()
        #expect(answer.short == "rejected denied with.branch")
        #expect(answer.outcome.error?.message.contains("hook declined") == true)
        // What only a commit finds out, checking does not.
        #expect(try await world.check().outcome == .ready)
        try await world.sh("rm remote.git/hooks/update; git -C remote.git config receive.denyNonFastForwards true")
        #expect(try await world.commits() == 2)
        #expect(try await world.publish().outcome == .committed)
    }

    @Test("no server, and no repository there")
    func nowhere() async throws {
        let secure = try await Secure()
        let gone = try await secure.world.publish(.init(deadline: 4), ["remote": "ssh://x@127.0.0.1:1/none.git"])
        #expect(gone.short == "rejected unavailable")
        let remote = secure.world.with["remote"]?.string ?? ""
        let none = try await secure.world.publish(
            .init(), ["remote": .string(remote.replacing("remote.git", with: "none.git"))])
        #expect(none.short == "rejected not_found with.remote")
    }

    private static let certificates = Task {
        let git = try await GitFolder()
        try await GitCertificates.make(in: git)
        return git.folder
    }

    @Test("over HTTPS a token opens the server, a wrong one does not, and certificates count")
    func https() async throws {
        var world = try await World(["path": "key.age", "format": "raw", "encrypt": "age"])
        world.with["recipients"] = .string(try await world.sh("echo $MINE"))
        world.with["identity"] = .string(world.git.folder.file("mine.txt"))
        let pairs = try await Self.certificates.value
        try world.git.folder.write("open-sesame", to: "token")
        let folder = world.git.folder
        for name in ["valid", "expired", "wrongname", "strange"] {
            let place = try await World()
            try place.git.folder.write("open-sesame", to: "token")
            let server = try await onOwnThread {
                try GitServer(["https", place.git.folder.path, folder.path, pairs.file(name)])
            }
            world.with["remote"] = .string("https://localhost:\(server.port)/remote.git")
            world.with["user"] = "ork"
            world.environment = ["GIT_TOKEN": "open-sesame", "SSL_CERT_FILE": pairs.file("authority.pem")]
            guard name == "valid" else {
                let answer = try await world.publish()
                #expect(answer.short == "rejected unavailable", "\(name): \(answer)")
                #expect(answer.outcome.error?.message.contains("not trusted") == true)
                continue
            }
            #expect(try await world.check().outcome == .ready)
            let answer = try await world.publish()
            #expect(answer.outcome == .committed, "\(answer)")
            #expect(try await world.verify().outcome == .match)
            world.environment["GIT_TOKEN"] = "wrong"
            #expect(try await world.check().short == "rejected denied")
            #expect(try await world.publish().short == "rejected denied")
            world.environment["GIT_TOKEN"] = nil
            #expect(try await world.publish().short == "rejected denied")
        }
        #expect(try await world.commits() == 3)
        try await world.sh("git -C remote.git fsck --strict")
    }
}

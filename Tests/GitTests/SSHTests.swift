import Git
import Glibc
import Secrets
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10)), .tags(.servers))
struct SSHTests {
    /// A repository, and OpenSSH's own server in front of it, with two host keys.
    private struct Server {
        let fixture: GitFolder
        let process: GitServer

        init() async throws {
            fixture = try await GitFolder()
            try await fixture.sh(
                """
                ssh-keygen -q -t ed25519 -N '' -f host_ed25519; ssh-keygen -q -t ecdsa -N '' -f host_ecdsa
                ssh-keygen -q -t ed25519 -N '' -f mine; ssh-keygen -q -t ecdsa -N 'open it' -f locked
                ssh-keygen -q -t ed25519 -N '' -f other
                cat mine.pub locked.pub >authorized_keys
                """)
            let folder = fixture.folder.path
            process = try await onOwnThread { try GitServer(["ssh", folder]) }
        }

        func remote(
            _ hostKeys: HostKeys, _ credentials: GitCredentials? = nil, path: String = "remote.git"
        ) async throws -> GitRemote {
            let user = try await fixture.sh("id -un")
            return GitRemote(
                try GitAddress("ssh://\(user)@127.0.0.1:\(process.port)\(fixture.folder.file(path))"),
                credentials: credentials ?? .key(path: fixture.folder.file("mine")), hostKeys: hostKeys)
        }

        /// Has what the server says to a fetch changed by a program in Perl.
        func filter(_ program: String) async throws {
            try await fixture.sh(
                """
                cat >filter <<'END'
                #!/bin/sh
                case $SSH_ORIGINAL_COMMAND in
                *upload*) eval "$SSH_ORIGINAL_COMMAND" |
                    perl -e 'while (sysread STDIN, $_, 65536) { \(program); syswrite STDOUT, $_ }' ;;
                *) eval "$SSH_ORIGINAL_COMMAND" ;;
                esac
                END
                chmod 755 filter; sed "s|^|command=\\"$PWD/filter\\" |" mine.pub >authorized_keys
                """)
        }

        /// `[127.0.0.1]:PORT ssh-ed25519 AAAA…`
        func line(_ key: String = "host_ed25519") async throws -> String {
            "[127.0.0.1]:\(process.port) \(try await publicKey(key))\n"
        }

        func publicKey(_ key: String = "host_ed25519") async throws -> String {
            try await fixture.sh("cut -d' ' -f1,2 \(key).pub")
        }

        func tip(_ remote: GitRemote) async throws -> ObjectID? {
            try await fixture.work { try $0.tip(of: "main", at: remote) }
        }
    }

    @Test("a change goes over SSH", arguments: ["mine", "locked"])
    func change(key: String) async throws {
        let server = try await Server()
        let credentials = GitCredentials.key(
            path: server.fixture.folder.file(key), passphrase: key == "locked" ? Secret("open it") : nil)
        let remote = try await server.remote(.knownHosts(try await server.line()), credentials)
        #expect(try await server.fixture.change(remote) == .done)
        #expect(try await server.fixture.sh("git -C remote.git show main:deploy/app.env") == "three")
        try await server.fixture.sh("git -C remote.git fsck --strict")
    }

    @Test("the keys of an agent are offered")
    func agent() async throws {
        let server = try await Server()
        let remote = try await server.remote(.key(try await server.publicKey()), .agent)
        let agent = try SSHAgent(at: server.fixture.folder.file("agent"))
        try await server.fixture.sh("SSH_AUTH_SOCK=$PWD/agent ssh-add -q mine")
        _ = unsafe setenv("SSH_AUTH_SOCK", server.fixture.folder.file("agent"), 1)
        let result = try await code { try await server.tip(remote) }
        agent.end()
        #expect(result == nil)
    }

    @Test(
        "only so much of a history comes as was asked for, where the server can cut it off", arguments: [true, false])
    func depth(isShallow: Bool) async throws {
        let server = try await Server()
        if !isShallow { try await server.filter("s/ shallow / shallxw /") }
        let remote = try await server.remote(.key(try await server.publicKey()))
        let counts = try await server.fixture.work { repository in
            var counts = [try Self.count(1, repository, remote)]
            for _ in 1...3 {
                let tip = try #require(try repository.fetch("main", from: remote))
                let change = GitChange(path: "b/\(counts.count)", bytes: [66])
                let commit = try #require(try repository.commit([change], on: tip, .test))
                #expect(try repository.push(commit, to: "main", replacing: tip, at: remote) == .done)
                counts.append(try Self.count(1, repository, remote))
            }
            return counts + [try Self.count(2, repository, remote), try Self.count(100, repository, remote)]
        }
        #expect(counts == (isShallow ? [1, 2, 3, 4, 4, 5] : [2, 3, 4, 5, 5, 5]))
        try await server.fixture.sh("git -C remote.git fsck --strict")
    }

    /// How many commits of the branch are here after a fetch, following first parents.
    private static func count(
        _ depth: Int, _ repository: borrowing BareRepository, _ remote: GitRemote
    ) throws -> Int {
        var next = try repository.fetch("main", from: remote, depth: depth)
        var count = 0
        while let commit = next, let parents = try? repository.parents(of: commit) {
            count += 1
            next = parents.first
        }
        return count
    }

    @Test(
        "an answer that is cut off or no git server's is an exchange that broke off",
        arguments: [
            "s/NAK/KAN/", "s/PACK/KCAP/", "s/0008NAK/+008NAK/", "s/(?=0034shallow )/q(0009empty) x 1001/e",
            "if (/PACK/) { syswrite STDOUT, substr($_, 0, index($_, q(PACK)) + 20); exit }",
        ])
    func broken(filter: String) async throws {
        let server = try await Server()
        try await server.filter(filter)
        let remote = try await server.remote(.key(try await server.publicKey()))
        #expect(try await code { try await server.fixture.change(remote) } == .interrupted)
        #expect(try await server.fixture.sh("git -C remote.git rev-list --count main") == "2")
    }

    @Test("a host key that is known is accepted, in each form")
    func known() async throws {
        let server = try await Server()
        let line = try await server.line()
        let ecdsa = try await server.line("host_ecdsa")
        try await server.fixture.sh("echo '\(line)' >hashed; ssh-keygen -q -H -f hashed 2>/dev/null")
        let prints = try await server.fixture.sh("for k in host_*.pub; do ssh-keygen -lf $k; done | cut -d' ' -f2")
        let forms: [HostKeys] = [
            .knownHosts("# mine\n\nother.invalid \(line.drop { $0 != " " }.dropFirst())\(line)"), .knownHosts(ecdsa),
            .knownHosts(ecdsa + line), .knownHosts(try server.fixture.folder.read("hashed")),
            .key(try await server.publicKey() + " a comment"), .key(try await server.publicKey("host_ecdsa")),
        ]
        for form in forms {
            #expect(try await server.tip(try await server.remote(form)) != nil, "\(form)")
        }
        // Which of its keys the server shows is libssh2's choice here: one of the two is it.
        var accepted = 0
        for print in prints.split(separator: "\n") {
            let remote = try await server.remote(.fingerprint(String(print)))
            if try await code({ try await server.tip(remote) }) == nil { accepted += 1 }
        }
        #expect(accepted == 1)
    }

    @Test("a host key that is not known is refused, in each form")
    func unknown() async throws {
        let server = try await Server()
        let line = try await server.line()
        let strange = try await server.publicKey("other")
        let place = "[127.0.0.1]:\(server.process.port)"
        let forms: [(HostKeys, GitError.Code)] = [
            (.none, .unknownHostKey), (.knownHosts(""), .unknownHostKey),
            (.knownHosts("other.invalid \(strange)\n"), .unknownHostKey),
            (.knownHosts("@cert-authority \(line)"), .unknownHostKey),
            (.knownHosts("\(place) \(strange)\n"), .changedHostKey),
            (.knownHosts("\(line)@revoked * \(try await server.publicKey())\n"), .changedHostKey),
            (.key(strange), .changedHostKey), (.key(""), .changedHostKey), (.fingerprint("SHA256:"), .changedHostKey),
            (.fingerprint(try await server.fixture.sh("ssh-keygen -lf other.pub | cut -d' ' -f2")), .changedHostKey),
        ]
        for (form, expected) in forms {
            let remote = try await server.remote(form)
            #expect(try await code { try await server.tip(remote) } == expected, "\(form)")
        }
        #expect(try await server.fixture.sh("cat sshd.log | grep -c Accepted || true") == "0")
    }

    @Test("a key that is not authorized, or cannot be opened, is denied")
    func denied() async throws {
        let server = try await Server()
        let file = server.fixture.folder
        let wrong: [GitCredentials] = [
            .none, .key(path: file.file("other")), .key(path: file.file("nowhere")), .key(path: file.file("locked")),
            .key(path: file.file("locked"), passphrase: Secret("wrong")), .token(user: "git", Secret("x")),
        ]
        for credentials in wrong {
            let remote = try await server.remote(.key(try await server.publicKey()), credentials)
            #expect(try await code { try await server.tip(remote) } == .denied, "\(credentials)")
        }
    }

    @Test("a hook that declines is a refusal with its reason", arguments: ["pre-receive", "update"])
    func hook(name: String) async throws {
        let server = try await Server()
        try await server.fixture.sh(
            "printf '#!/bin/sh\\nexit 1\\n' >hook; install -m 755 hook remote.git/hooks/\(name)")
        let remote = try await server.remote(.key(try await server.publicKey()))
        let outcome = try await server.fixture.change(remote)
        #expect(outcome == .refused(name == "update" ? "hook declined" : "pre-receive hook declined"))
        #expect(try await server.fixture.sh("git -C remote.git rev-list --count main") == "2")
    }

    @Test("a race that is lost at the server is a move")
    func race() async throws {
        let server = try await Server()
        // The hook runs after both sides have agreed, as another push would.
        try await server.fixture.sh(
            """
            printf '#!/bin/sh\\nunset GIT_QUARANTINE_PATH\\ngit update-ref refs/heads/main refs/heads/main~1\\n' >hook
            install -m 755 hook remote.git/hooks/pre-receive
            """)
        let remote = try await server.remote(.key(try await server.publicKey()))
        #expect(try await server.fixture.change(remote) == .moved)
        #expect(try await server.fixture.sh("git -C remote.git rev-list --count main") == "1")
    }

    @Test(
        "what a branch holds after a push counts, and not what the server said",
        arguments: [
            ("main~1", PushOutcome.undone), ("$(git commit-tree -p main -m other main^{tree})", .done),
            ("$(git commit-tree -m other main^{tree})", .undone),
        ])
    func look(target: String, outcome: PushOutcome) async throws {
        let server = try await Server()
        // It runs when the branch has moved, and before the server says so.
        try await server.fixture.sh(
            """
            cat >hook <<'END'
            #!/bin/sh
            [ "$1" = committed ] && [ ! -e raced ] || exit 0; touch raced
            export GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t.invalid GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t.invalid
            git update-ref refs/heads/main \(target)
            END
            install -m 755 hook remote.git/hooks/reference-transaction
            """)
        let remote = try await server.remote(.key(try await server.publicKey()))
        #expect(try await server.fixture.change(remote) == outcome)
    }

    @Test("a branch that has moved since is seen before anything is sent")
    func moved() async throws {
        let server = try await Server()
        let remote = try await server.remote(.key(try await server.publicKey()))
        let folder = server.fixture.folder.path
        let outcome = try await server.fixture.work { repository in
            let tip = try #require(try repository.fetch("main", from: remote))
            let commit = try #require(try repository.commit([GitChange(path: "a", bytes: [1])], on: tip, .test))
            let other = "git -C \(folder)/seed -c user.name=o -c user.email=o@o commit --allow-empty -qm other"
            #expect(unsafe system("\(other) && git -C \(folder)/seed push -q origin HEAD:main") == 0)
            return try repository.push(commit, to: "main", replacing: tip, at: remote)
        }
        #expect(outcome == .moved)
        #expect(try await server.fixture.sh("git -C remote.git log -1 --format=%s main") == "other")
    }

    @Test("a repository that is not there is not found, and no server is unreachable")
    func nowhere() async throws {
        let server = try await Server()
        let keys = HostKeys.key(try await server.publicKey())
        let remote = try await server.remote(keys, path: "none.git")
        #expect(try await code { try await server.tip(remote) } == .notFound)
        let closed = GitRemote(try GitAddress("ssh://git@127.0.0.1:1/x"), hostKeys: keys)
        let nameless = GitRemote(try GitAddress("git@no-such-host.invalid:x"), hostKeys: keys)
        for remote in [closed, nameless] {
            #expect(try await code { try await server.tip(remote) } == .unreachable)
        }
    }
}

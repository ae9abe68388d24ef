import Git
import Secrets
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10)), .tags(.servers))
struct HTTPSTests {
    /// The certificates of one authority, which the process trusts: that is a setting of the whole process.
    private static let certificates = Task {
        let fixture = try await GitFolder()
        try await GitCertificates.make(in: fixture)
        try GitLibrary.trust(authorities: fixture.folder.file("authority.pem"))
        return fixture.folder
    }

    /// A repository, and nginx with `git http-backend` in front of it.
    private struct Server {
        let fixture: GitFolder
        let process: GitServer

        init(_ certificate: String = "valid") async throws {
            let pair = try await HTTPSTests.certificates.value.file(certificate)
            fixture = try await GitFolder()
            try fixture.folder.write("open-sesame", to: "token")
            let folder = fixture.folder.path
            process = try await onOwnThread { try GitServer(["https", folder, folder, pair]) }
        }

        func remote(
            _ credentials: GitCredentials = .token(user: "ork", Secret("open-sesame")), path: String = "remote.git"
        ) throws -> GitRemote {
            GitRemote(try GitAddress("https://localhost:\(process.port)/\(path)"), credentials: credentials)
        }

        func tip(_ remote: GitRemote) async throws -> ObjectID? {
            try await fixture.work { try $0.tip(of: "main", at: remote) }
        }
    }

    @Test("a change goes over HTTPS")
    func change() async throws {
        let server = try await Server()
        #expect(try await server.fixture.change(try server.remote()) == .done)
        #expect(try await server.fixture.sh("git -C remote.git show main:deploy/app.env") == "three")
        try await server.fixture.sh("git -C remote.git fsck --strict")
    }

    @Test("a wrong token, no token and a credential of another kind are denied")
    func denied() async throws {
        let server = try await Server()
        for credentials: GitCredentials in [.token(user: "ork", Secret("wrong")), .none, .agent] {
            let remote = try server.remote(credentials)
            #expect(try await code { try await server.tip(remote) } == .denied, "\(credentials)")
        }
    }

    @Test(
        "a certificate that is too old, for another name or of another authority is not trusted",
        arguments: ["expired", "wrongname", "strange"])
    func untrusted(certificate: String) async throws {
        let server = try await Server(certificate)
        let remote = try server.remote()
        #expect(try await code { try await server.tip(remote) } == .untrusted)
        #expect(try await code { try await server.fixture.change(remote) } == .untrusted)
    }

    @Test("a hook that declines is a refusal with its reason")
    func hook() async throws {
        let server = try await Server()
        try await server.fixture.sh(
            "printf '#!/bin/sh\\nexit 1\\n' >hook; install -m 755 hook remote.git/hooks/pre-receive")
        #expect(try await server.fixture.change(try server.remote()) == .refused("pre-receive hook declined"))
    }

    @Test("a repository that is not there is not found, and no server is unreachable")
    func nowhere() async throws {
        let server = try await Server()
        let missing = try server.remote(path: "none.git")
        #expect(try await code { try await server.tip(missing) } == .notFound)
        let closed = GitRemote(try GitAddress("https://localhost:1/x"))
        #expect(try await code { try await server.tip(closed) } == .unreachable)
    }

    @Test("a redirection to another host is not followed")
    func redirection() async throws {
        let server = try await Server()
        let remote = try server.remote(path: "elsewhere/remote.git")
        #expect(try await code { try await server.tip(remote) } == .invalid)
    }

    @Test("an error quotes neither a token nor an address")
    func quotes() async throws {
        let server = try await Server()
        let remote = try server.remote(.token(user: "ork", Secret("wrong-token")), path: "remote.git")
        do {
            _ = try await server.tip(remote)
            Issue.record("it was accepted")
        } catch let error as GitError {
            #expect(!"\(error)".contains("wrong-token") && !"\(error)".contains("https:"))
        }
    }
}

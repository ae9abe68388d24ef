import JSON
import PublisherKit
import TestSupport
import Testing

/// What a commit says, who signs it, and where it goes.
@Suite(.timeLimit(.minutes(10)), .tags(.processes, .slow))
struct CommitTests {
    private func fixture(_ more: JSONObject = [:]) async throws -> GitFixture {
        var fixture = try await GitFixture(["path": "key.age", "format": "raw", "encrypt": "age"])
        fixture.with["recipients"] = .string(try await fixture.sh("echo $MINE"))
        fixture.with["identity"] = .string(fixture.git.folder.file("mine.txt"))
        fixture.with.take(more)
        return fixture
    }

    @Test("author and message are as they were wished for, with the rotation's trailers under them")
    func message() async throws {
        let fixture = try await fixture([
            "author": "Ada Lovelace <ada@example.invalid>",
            "message": "ci: rotate {target}\n\nKey {hash} of {rotation}.\n\nSigned-off-by: Ada <ada@example.invalid>\n",
        ])
        #expect(try await fixture.publish().outcome == .committed)
        let show = "git -C remote.git show -s main --format="
        #expect(try await fixture.sh(show + "'%an <%ae> %cn'") == "Ada Lovelace <ada@example.invalid> Ada Lovelace")
        let hash = try await fixture.sh("printf %s \(SampleKey.successor) | sha256sum | cut -d' ' -f1")
        let proof = try await fixture.sh(
            """
            printf '%s\\nkey.age\\n' "$(git -C remote.git show main:key.age | sha256sum | cut -d' ' -f1)" |
                openssl dgst -sha256 -hmac ork-publisher-git:\(SampleKey.successor) -r | cut -d' ' -f1
            """)
        #expect(
            try await fixture.sh(show + "%s%n%b") == """
                ci: rotate web
                Key \(hash) of 01JDB000000000000000000002.
                Signed-off-by: Ada <ada@example.invalid>
                Ork-Rotation: 01JDB000000000000000000002
                Ork-Operation: 01JDB000000000000000000002/web/5555
                Ork-Digest: sha256:\(hash)
                Ork-Proof: \(proof)
                """)
        let trailers = try await fixture.sh(show + "'%(trailers:key=Ork-Operation,valueonly)'")
        #expect(trailers == "01JDB000000000000000000002/web/5555")
    }

    @Test("without wishes a commit says what it is about")
    func standard() async throws {
        let fixture = try await fixture()
        #expect(try await fixture.publish().outcome == .committed)
        #expect(
            try await fixture.sh("git -C remote.git show -s main --format='%an %s'")
                == "ork Rotate the OpenRouter key in key.age")
        #expect(try await fixture.sh("git -C remote.git show -s main --format='%(trailers)' | grep -c ^Ork-") == "4")
    }

    @Test("git verifies what was signed, with a key in a file, in the environment and in an agent")
    func signed() async throws {
        var fixture = try await fixture(["sign": "ssh"])
        try await fixture.sh(
            "ssh-keygen -q -t ed25519 -N '' -f sign; echo \"ork@noreply.invalid $(cat sign.pub)\" >signers")
        let verify = "git -C remote.git -c gpg.ssh.allowedSignersFile=$PWD/signers verify-commit main"
        #expect(try await fixture.publish().short == "rejected configuration with.sign")

        let file = fixture.git.folder.file("sign")
        #expect(try await fixture.check(.init(), ["signing_key": .string(file)]).outcome == .ready)
        #expect(try await fixture.publish(.init(), ["signing_key": .string(file)]).outcome == .committed)
        try await fixture.sh(verify)

        fixture.environment["GIT_SIGNING_KEY"] = try await fixture.sh("cat sign")
        #expect(try await fixture.publish(.init(), ["path": "2.age"]).outcome == .committed)
        try await fixture.sh(verify)
        fixture.environment["GIT_SIGNING_KEY"] = nil

        let agent = try SSHAgent(at: fixture.git.folder.file("agent"))
        try await fixture.sh("SSH_AUTH_SOCK=$PWD/agent ssh-add -q sign; rm sign")
        fixture.environment["SSH_AUTH_SOCK"] = fixture.git.folder.file("agent")
        let answer = try await fixture.publish(.init(), ["path": "3.age", "signing_key": .string(file + ".pub")])
        agent.end()
        #expect(answer.outcome == .committed, "\(answer)")
        try await fixture.sh(verify)

        try await fixture.sh("ssh-keygen -q -t ed25519 -N 'open it' -f locked")
        let locked = try await fixture.publish(
            .init(), ["path": "4.age", "signing_key": .string(fixture.git.folder.file("locked"))])
        #expect(locked.short == "rejected configuration with.sign")
        #expect(try await fixture.commits() == 5)
        try await fixture.sh("git -C remote.git fsck --strict")
    }

    @Test("a branch of its own is made from a base, and counts as published when it is merged")
    func request() async throws {
        let fixture = try await fixture(["branch": "ork/{rotation}", "base": "main"])
        let branch = "ork/01JDB000000000000000000002"
        #expect(try await fixture.check().outcome == .ready)
        #expect(try await fixture.check(.init(create: false)).short == "rejected not_found with.path")
        #expect(try await fixture.publish(.init(create: false)).short == "rejected not_found with.path")
        let answer = try await fixture.publish()
        #expect(answer.outcome == .committed && answer.held == .nothing)
        let receipt = try #require(answer.receipt)
        #expect(receipt["branch"] == .string(branch) && receipt["base"] == "main")
        #expect(try await fixture.sh("git -C remote.git rev-parse \(branch)") == receipt["commit"]?.string)
        #expect(try await fixture.sh("git -C remote.git rev-parse \(branch)~1 main | uniq | wc -l") == "1")
        // It is there, though not where it is merged to.
        #expect(try await fixture.publish(.init(create: false)).outcome == .unchanged)
        let waiting = try await fixture.verify()
        #expect(waiting.outcome == .absent)
        try await fixture.sh(
            "cd seed; git fetch -q; git merge -q --no-ff -m merged origin/\(branch); git push -q origin HEAD:main")
        #expect(try await fixture.verify().outcome == .match)
        // With the branch gone there is nothing left to do.
        try await fixture.sh("git -C remote.git branch -q -D \(branch)")
        #expect(try await fixture.publish().outcome == .unchanged)
        #expect(try await fixture.sh("git -C remote.git branch --list 'ork/*'").isEmpty)
        let nowhere = try await fixture.publish(.init(), ["base": "none"])
        #expect(nowhere.short == "rejected not_found with.branch")
    }

    @Test("what was merged is recognised by who cannot read it, too")
    func mergedSealed() async throws {
        let fixture = try await fixture(["branch": "ork/next", "base": "main", "identity": .null])
        let answer = try await fixture.publish()
        #expect(answer.outcome == .committed)
        try await fixture.commit("echo more >other")
        try await fixture.sh(
            "cd seed; git fetch -q; git merge -q -m merged origin/ork/next; git push -q origin HEAD:main")
        try await fixture.sh("git -C remote.git branch -q -D ork/next")
        #expect(try await fixture.publish().outcome == .unchanged)
        var request = GitFixture.Request()
        request.receipt = answer.receipt
        #expect(try await fixture.verify(request).outcome == .match)
    }

    @Test("a branch that is not there is not made by mistake")
    func noBranch() async throws {
        let fixture = try await fixture(["branch": "mian"])
        for answer in [try await fixture.publish(), try await fixture.check()] {
            #expect(answer.short == "rejected not_found with.branch")
        }
        #expect(try await fixture.verify().outcome == .absent)
        #expect(try await fixture.sh("git -C remote.git branch --list | wc -l") == "1")
    }

    @Test("checking changes nothing, and finds what publishing would find")
    func check() async throws {
        let fixture = try await fixture()
        let ready = try await fixture.check()
        #expect(ready.outcome == .ready && ready.message?.contains("would commit key.age") == true)
        #expect(try await fixture.commits() == 2)
        #expect(try await fixture.sh("git -C remote.git branch --list | wc -l") == "1")
        try await fixture.commit("printf %s \(SampleKey.stranger) | age -r $MINE >key.age")
        #expect(try await fixture.check().short == "rejected conflict with.path")
    }
}

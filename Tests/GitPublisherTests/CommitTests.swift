import JSON
import PublisherKit
import TestSupport
import Testing

/// What a commit says, who signs it, and where it goes.
@Suite(.timeLimit(.minutes(3)), .tags(.processes, .slow))
struct CommitTests {
    private func world(_ more: JSONObject = [:]) async throws -> World {
        var world = try await World(["path": "key.age", "format": "raw", "encrypt": "age"])
        world.with["recipients"] = .string(try await world.sh("echo $MINE"))
        world.with["identity"] = .string(world.git.folder.file("mine.txt"))
        world.with.take(more)
        return world
    }

    @Test("author and message are as they were wished for, with the rotation's trailers under them")
    func message() async throws {
        let world = try await world([
            "author": "Ada Lovelace <ada@example.invalid>",
            "message": "ci: rotate {target}\n\nKey {hash} of {rotation}.\n\nSigned-off-by: Ada <ada@example.invalid>\n",
        ])
        #expect(try await world.publish().outcome == .committed)
        let show = "git -C remote.git show -s main --format="
        #expect(try await world.sh(show + "'%an <%ae> %cn'") == "Ada Lovelace <ada@example.invalid> Ada Lovelace")
        let hash = try await world.sh("printf %s \(Key.successor) | sha256sum | cut -d' ' -f1")
        #expect(
            try await world.sh(show + "%s%n%b") == """
                ci: rotate web
                Key \(hash) of 01JDB000000000000000000002.
                Signed-off-by: Ada <ada@example.invalid>
                Ork-Rotation: 01JDB000000000000000000002
                Ork-Operation: 01JDB000000000000000000002/web/5555
                Ork-Digest: sha256:\(hash)
                """)
        let trailers = try await world.sh(show + "'%(trailers:key=Ork-Operation,valueonly)'")
        #expect(trailers == "01JDB000000000000000000002/web/5555")
    }

    @Test("without wishes a commit says what it is about")
    func standard() async throws {
        let world = try await world()
        #expect(try await world.publish().outcome == .committed)
        #expect(
            try await world.sh("git -C remote.git show -s main --format='%an %s'")
                == "ork Rotate the OpenRouter key in key.age")
        #expect(try await world.sh("git -C remote.git show -s main --format='%(trailers)' | grep -c ^Ork-") == "3")
    }

    @Test("git verifies what was signed, with a key in a file, in the environment and in an agent")
    func signed() async throws {
        var world = try await world(["sign": "ssh"])
        try await world.sh(
            "ssh-keygen -q -t ed25519 -N '' -f sign; echo \"ork@noreply.invalid $(cat sign.pub)\" >signers")
        let verify = "git -C remote.git -c gpg.ssh.allowedSignersFile=$PWD/signers verify-commit main"
        #expect(try await world.publish().short == "rejected configuration with.sign")

        let file = world.git.folder.file("sign")
        #expect(try await world.check(.init(), ["signing_key": .string(file)]).outcome == .ready)
        #expect(try await world.publish(.init(), ["signing_key": .string(file)]).outcome == .committed)
        try await world.sh(verify)

        world.environment["GIT_SIGNING_KEY"] = try await world.sh("cat sign")
        #expect(try await world.publish(.init(), ["path": "2.age"]).outcome == .committed)
        try await world.sh(verify)
        world.environment["GIT_SIGNING_KEY"] = nil

        let agent = try await world.sh(
            "eval $(ssh-agent -a $PWD/agent) >/dev/null; ssh-add -q sign; rm sign; echo $SSH_AGENT_PID")
        world.environment["SSH_AUTH_SOCK"] = world.git.folder.file("agent")
        let answer = try await world.publish(.init(), ["path": "3.age", "signing_key": .string(file + ".pub")])
        try await world.sh("kill \(agent)")
        #expect(answer.outcome == .committed, "\(answer)")
        try await world.sh(verify)

        try await world.sh("ssh-keygen -q -t ed25519 -N 'open it' -f locked")
        let locked = try await world.publish(
            .init(), ["path": "4.age", "signing_key": .string(world.git.folder.file("locked"))])
        #expect(locked.short == "rejected configuration with.sign")
        #expect(try await world.commits() == 5)
        try await world.sh("git -C remote.git fsck --strict")
    }

    @Test("a branch of its own is made from a base, and counts as published when it is merged")
    func request() async throws {
        let world = try await world(["branch": "ork/{rotation}", "base": "main"])
        let branch = "ork/01JDB000000000000000000002"
        #expect(try await world.check().outcome == .ready)
        let answer = try await world.publish()
        #expect(answer.outcome == .committed)
        let receipt = try #require(answer.receipt)
        #expect(receipt["branch"] == .string(branch) && receipt["base"] == "main")
        #expect(try await world.sh("git -C remote.git rev-parse \(branch)") == receipt["commit"]?.string)
        #expect(try await world.sh("git -C remote.git rev-parse \(branch)~1 main | uniq | wc -l") == "1")
        #expect(try await world.publish().outcome == .unchanged)
        let waiting = try await world.verify()
        #expect(waiting.outcome == .absent)
        try await world.sh(
            "cd seed; git fetch -q; git merge -q --no-ff -m merged origin/\(branch); git push -q origin HEAD:main")
        #expect(try await world.verify().outcome == .match)
        // With the branch gone there is nothing left to do.
        try await world.sh("git -C remote.git branch -q -D \(branch)")
        #expect(try await world.publish().outcome == .unchanged)
        #expect(try await world.sh("git -C remote.git branch --list 'ork/*'").isEmpty)
        let nowhere = try await world.publish(.init(), ["base": "none"])
        #expect(nowhere.short == "rejected not_found with.branch")
    }

    @Test("what was merged is recognised by who cannot read it, too")
    func mergedSealed() async throws {
        let world = try await world(["branch": "ork/next", "base": "main", "identity": .null])
        let answer = try await world.publish()
        #expect(answer.outcome == .committed)
        try await world.commit("echo more >other")
        try await world.sh(
            "cd seed; git fetch -q; git merge -q -m merged origin/ork/next; git push -q origin HEAD:main")
        try await world.sh("git -C remote.git branch -q -D ork/next")
        #expect(try await world.publish().outcome == .unchanged)
        var request = World.Request()
        request.receipt = answer.receipt
        #expect(try await world.verify(request).outcome == .match)
    }

    @Test("a branch that is not there is not made by mistake")
    func noBranch() async throws {
        let world = try await world(["branch": "mian"])
        for answer in [try await world.publish(), try await world.check()] {
            #expect(answer.short == "rejected not_found with.branch")
        }
        #expect(try await world.verify().outcome == .absent)
        #expect(try await world.sh("git -C remote.git branch --list | wc -l") == "1")
    }

    @Test("checking changes nothing, and finds what publishing would find")
    func check() async throws {
        let world = try await world()
        let ready = try await world.check()
        #expect(ready.outcome == .ready && ready.message?.contains("would commit key.age") == true)
        #expect(try await world.commits() == 2)
        #expect(try await world.sh("git -C remote.git branch --list | wc -l") == "1")
        try await world.commit("printf %s \(Key.stranger) | age -r $MINE >key.age")
        #expect(try await world.check().short == "rejected conflict with.path")
    }
}

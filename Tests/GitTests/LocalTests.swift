import Git
import Glibc
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10)), .tags(.processes))
struct LocalTests {
    @Test("a file is read with its bytes and its mode")
    func read() async throws {
        let fixture = try await GitFolder()
        let remote = try fixture.local
        let files = try await fixture.work { repository in
            let tip = try #require(try repository.fetch("main", from: remote))
            return try ["deploy/app.env", "run", "link", "none", "run/none"].map { try repository.file($0, at: tip) }
        }
        #expect(files.map { $0?.mode } == [.regular, .executable, .link, nil, nil])
        #expect(
            files.map { $0.map { String(decoding: $0.bytes, as: UTF8.self) } } == [
                "one\ntwo\n", "#!/bin/sh\n", "run", nil, nil,
            ])
    }

    @Test("git reads what was committed and pushed, and finds nothing wrong with it")
    func commit() async throws {
        let fixture = try await GitFolder()
        let remote = try fixture.local
        let outcome = try await fixture.work { repository in
            let tip = try #require(try repository.fetch("main", from: remote))
            let changes = [
                GitChange(path: "deploy/app.env", bytes: [0, 255, 10]), GitChange(path: "run", bytes: Array("x".utf8)),
                GitChange(path: "new/deep/file", bytes: []),
            ]
            let commit = try #require(try repository.commit(changes, on: tip, .test))
            #expect(try repository.parents(of: commit) == [tip])
            #expect(try repository.message(of: commit) == "rotate the key\n")
            return try repository.push(commit, to: "main", replacing: tip, at: remote)
        }
        #expect(outcome == .done)
        let git = "git -C remote.git"
        try await fixture.sh("\(git) fsck --strict")
        #expect(
            try await fixture.sh("\(git) log -1 --format='%an %ae %at %cn %s' main")
                == "ork ork@example.invalid 1700000000 ork rotate the key")
        #expect(try await fixture.sh("\(git) show main:deploy/app.env | od -An -tx1") == " 00 ff 0a")
        #expect(try await fixture.sh("\(git) ls-tree main run link | cut -c1-6") == "120000\n100755")
        #expect(try await fixture.sh("\(git) rev-list --count main") == "3")
        #expect(try await fixture.sh("\(git) show --stat --format= main | tail -1").hasPrefix(" 3 files changed"))
    }

    @Test("no side of a merge hides what another one has written")
    func allChanges() async throws {
        let fixture = try await GitFolder()
        try await fixture.sh(
            """
            cd seed; echo ours >run; git commit -qam 'a\n\nBy: ours'; ours=$(git rev-parse HEAD)
            git checkout -q HEAD~1; echo theirs >run; git commit -qam 'b\n\nBy: theirs'; theirs=$(git rev-parse HEAD)
            git checkout -q $ours; git merge -q -s ours -m merged $theirs; git checkout -q $theirs -- run
            git commit -q --amend --no-edit; git commit -q --allow-empty -m 'c\n\nBy: nobody'; git push -q origin HEAD:main
            """)
        let remote = try fixture.local
        let found = try await fixture.work { repository in
            let tip = try #require(try repository.fetch("main", from: remote))
            var newest: [String] = []
            try repository.changes(of: "run", from: tip, atMost: 100) {
                newest += $0.trailers.map(\.value)
                return false
            }
            let all = try repository.allChanges(of: "run", from: tip, atMost: 100) { !$0.isEmpty }
            return [newest, all.flatMap { $0.trailers.map(\.value) }.sorted()]
        }
        #expect(found == [["theirs"], ["ours", "theirs"]])
    }

    @Test("a file that is as it should be makes no commit")
    func unchanged() async throws {
        let fixture = try await GitFolder()
        let remote = try fixture.local
        let commit = try await fixture.work { repository in
            let tip = try repository.fetch("main", from: remote)
            return try repository.commit(
                [GitChange(path: "deploy/app.env", bytes: Array("one\ntwo\n".utf8))], on: tip, .test)
        }
        #expect(commit == nil)
    }

    @Test("a branch that is not there has no tip, and can be made")
    func newBranch() async throws {
        let fixture = try await GitFolder()
        let remote = try fixture.local
        try await fixture.work { repository in
            #expect(try repository.tip(of: "topic/x", at: remote) == nil)
            #expect(try repository.fetch("topic/x", from: remote) == nil)
            let tip = try #require(try repository.fetch("main", from: remote))
            let commit = try #require(try repository.commit([GitChange(path: "a", bytes: [1])], on: tip, .test))
            #expect(try repository.push(commit, to: "topic/x", replacing: nil, at: remote) == .done)
            #expect(try repository.tip(of: "topic/x", at: remote) == commit)
            #expect(try repository.tip(of: "main", at: remote) == tip)
        }
    }

    @Test("an empty repository takes a first commit")
    func first() async throws {
        let fixture = try await GitFolder()
        try await fixture.sh("git init -q --bare -b main empty.git")
        let remote = GitRemote(try GitAddress("file://" + fixture.folder.file("empty.git")))
        try await fixture.work { repository in
            #expect(try repository.fetch("main", from: remote) == nil)
            let commit = try #require(try repository.commit([GitChange(path: "a/b", bytes: [65])], on: nil, .test))
            #expect(try repository.push(commit, to: "main", replacing: nil, at: remote) == .done)
        }
        try await fixture.sh("git -C empty.git fsck --strict")
        #expect(try await fixture.sh("git -C empty.git show main:a/b") == "A")
    }

    @Test(
        "a branch that someone else has moved stays as it is",
        arguments: ["commit --allow-empty -qm other", "reset -q --hard HEAD~1"])
    func moved(how: String) async throws {
        let fixture = try await GitFolder()
        let remote = try fixture.local
        let place = try await fixture.sh("pwd")
        let bare = try await fixture.work { repository in
            try #require(try repository.fetch("main", from: remote))
        }
        let theirs = try await fixture.sh(
            "git -C seed \(how); git -C seed push -qf origin HEAD:main; git -C seed rev-parse HEAD")
        #expect(place == fixture.folder.path)
        // The commit that the change was made on is still found on another branch.
        try await fixture.sh("git -C seed push -q origin \(bare):refs/heads/kept")
        let outcome = try await fixture.work { repository in
            let old = try #require(try repository.fetch("kept", from: remote))
            let commit = try #require(try repository.commit([GitChange(path: "a", bytes: [1])], on: old, .test))
            return try repository.push(commit, to: "main", replacing: old, at: remote)
        }
        #expect(outcome == .moved)
        #expect(try await fixture.sh("git -C remote.git rev-parse main") == theirs)
    }

    @Test(
        "what is no file of a repository is refused",
        arguments: [
            "", "/a", "a/", "a//b", "../a", "a/./b", ".git/config", "a/.GIT/b", "a\0b", "link", "run/x", "deploy",
        ])
    func invalid(path: String) async throws {
        let fixture = try await GitFolder()
        let remote = try fixture.local
        let code = try await code {
            try await fixture.work { repository in
                let tip = try repository.fetch("main", from: remote)
                return try repository.commit([GitChange(path: path, bytes: [1])], on: tip, .test)
            }
        }
        #expect(code == .invalid)
    }

    @Test(
        "a repository that is not there, of a kind that libgit2 does not know, or of another user is told as such",
        arguments: [
            ("true", GitError.Code.notFound), ("git init -q --bare --object-format=sha256 other.git", .invalid),
            ("cp -r remote.git other.git; chown -R 12345 other.git", .denied),
        ])
    func notOpened(script: String, expected: GitError.Code) async throws {
        guard geteuid() == 0 || expected != .denied else { return }
        let fixture = try await GitFolder()
        try await fixture.sh(script)
        let remote = GitRemote(try GitAddress(fixture.folder.file("other.git")))
        #expect(try await code { try await fixture.work { try $0.tip(of: "main", at: remote) } } == expected)
        #expect(try await code { try await fixture.change(remote) } == expected)
    }

    @Test(
        "a repository that borrows its objects, is cut off or packed takes a change",
        arguments: [
            "git clone -q --bare --shared remote.git middle.git; git clone -q --bare --shared middle.git other.git",
            "git clone -q --bare --depth 1 file://$PWD/remote.git other.git",
            "git -C remote.git gc -q --prune=now; cp -r remote.git other.git",
        ])
    func borrowing(script: String) async throws {
        let fixture = try await GitFolder()
        try await fixture.sh(script)
        let remote = GitRemote(try GitAddress(fixture.folder.file("other.git")))
        #expect(try await fixture.change(remote) == .done)
        #expect(try await fixture.sh("git -C other.git show main:deploy/app.env") == "three")
        #expect(try await fixture.sh("git -C other.git rev-list --count main").first.map { "23".contains($0) } == true)
        try await fixture.sh("git -C other.git fsck --strict")
    }

    @Test("git verifies a commit that ssh-keygen has signed")
    func signed() async throws {
        let fixture = try await GitFolder()
        let remote = try fixture.local
        try await fixture.sh(
            "ssh-keygen -q -t ed25519 -N '' -f key; echo \"ork@example.invalid $(cat key.pub)\" >signers")
        let key = fixture.folder.file("key")
        let text = fixture.folder.file("text")
        let outcome = try await fixture.work { repository in
            let tip = try #require(try repository.fetch("main", from: remote))
            let commit = try #require(
                try repository.commit([GitChange(path: "a", bytes: [1])], on: tip, .test) { bytes throws(GitError) in
                    try Signing.sign(bytes, key: key, text: text)
                })
            return try repository.push(commit, to: "main", replacing: tip, at: remote)
        }
        #expect(outcome == .done)
        try await fixture.sh("git -C remote.git -c gpg.ssh.allowedSignersFile=$PWD/signers verify-commit main")
        try await fixture.sh("git -C remote.git fsck --strict")
    }
}

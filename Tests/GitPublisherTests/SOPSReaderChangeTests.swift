import JSON
import PublisherKit
import TestSupport
import Testing

/// Whoever may push to the branch, against a target that does not name its `recipients`.
@Suite(.timeLimit(.minutes(10)), .tags(.processes, .slow))
struct SOPSReaderChangeTests {
    private static let refusal = "rejected configuration with.recipients"
    private static let third = "01JDC000000000000000000003"

    /// A repository in which ork has written the successor, and the request of the rotation that comes next.
    private func rotated(_ sample: SOPSCase = .all[0], rules: String = "$MINE") async throws
        -> (GitFixture, SOPSAttacker, GitFixture.Request)
    {
        let fixture = try await sample.fixture(rules: rules)
        let answer = try await fixture.publish()
        #expect(answer.outcome == .committed, "\(answer)")
        let next = GitFixture.Request(
            value: SampleKey.stranger, expect: [SampleKey.successor, SampleKey.stranger], rotation: Self.third,
            operation: "\(Self.third)/web/6666")
        return (fixture, SOPSAttacker(sample, fixture), next)
    }

    @Test("a reader that was added since is refused by name until it is accepted", arguments: SOPSCase.layouts)
    func added(sample: SOPSCase) async throws {
        let (fixture, attacker, next) = try await rotated(sample)
        #expect(try await fixture.check(next).outcome == .ready)
        try await fixture.commit(attacker.sops("rotate", "--in-place --add-age $THEIRS \(attacker.file)"))
        let theirs = try await fixture.sh("echo $THEIRS")
        for answer in [try await fixture.check(next), try await fixture.publish(next)] {
            #expect(answer.short == Self.refusal, "\(answer)")
            #expect(answer.outcome.error?.message.contains(theirs) == true)
        }
        #expect(try await fixture.commits() == 5)
        #expect(try await fixture.naming("$MINE,$THEIRS").publish(next).outcome == .committed)
    }

    @Test("a reader that is gone is refused by name, too")
    func removed() async throws {
        let (fixture, attacker, next) = try await rotated(rules: "$MINE,$THEIRS")
        try await fixture.commit(attacker.sops("rotate", "--in-place --rm-age $THEIRS \(attacker.file)"))
        let answer = try await fixture.publish(next)
        #expect(answer.short == Self.refusal, "\(answer)")
        #expect(try await fixture.naming().publish(next).outcome == .committed)
    }

    @Test("nor does a file count as verified that has lost a reader, which anybody can take out")
    func lost() async throws {
        let sample = SOPSCase.all[0]
        let fixture = try await sample.fixture(rules: "$MINE,$THEIRS")
        #expect(try await fixture.publish().outcome == .committed)
        #expect(try await fixture.verify().outcome == .match)
        let file = SOPSAttacker(sample, fixture).file
        try await fixture.commit("\(SOPSAttacker(sample, fixture).strip) \(file) >../without; cp ../without \(file)")
        #expect(try await fixture.verify().short == Self.refusal)
    }

    @Test("commits that look like ours do not vouch for a change, on the branch or merged into it")
    func forged() async throws {
        let (fixture, attacker, next) = try await rotated()
        let ours = try await fixture.sh(
            "git -C remote.git log -1 --format=%B main >message; git -C remote.git rev-parse main")
        try await fixture.commit(
            "\(attacker.sops("rotate", "--in-place --add-age $THEIRS \(attacker.file)")); git commit -qaF ../message")
        #expect(try await fixture.publish(next).short == Self.refusal)
        try await fixture.sh(
            """
            cd seed; git checkout -q \(ours)~1; git show main:\(attacker.file) >\(attacker.file)
            GIT_COMMITTER_DATE=@1000000000 GIT_AUTHOR_DATE=@1000000000 git commit -qaF ../message
            forged=$(git rev-parse HEAD); git checkout -q \(ours); git merge -q -s ours --no-ff -m merged $forged
            git show $forged:\(attacker.file) >\(attacker.file)
            git commit -q --amend -a --no-edit; git push -q -f origin HEAD:main
            """)
        #expect(try await attacker.readers().contains(fixture.sh("echo $THEIRS")))
        #expect(try await fixture.publish(next).short == Self.refusal)
    }

    @Test("a key group or a threshold that has become another is a change of readers", arguments: SOPSCase.layouts)
    func groups(sample: SOPSCase) async throws {
        let fixture = try await sample.fixture()
        let attacker = SOPSAttacker(sample, fixture)
        try await fixture.sh("cat mine.txt theirs.txt >both.txt")
        var environment = fixture
        environment.environment["SOPS_AGE_KEY_FILE"] = fixture.git.folder.file("both.txt")
        let open =
            "export SOPS_AGE_KEY_FILE=$PWD/../both.txt; \(attacker.sops("decrypt", "--in-place \(attacker.file)"))"
        func groups(_ threshold: Int) -> String {
            """
            printf 'creation_rules: [{shamir_threshold: \(threshold), key_groups: [{age: [%s]}, {age: [%s]}, {age: [%s]}]}]' \
                $MINE $THEIRS $MINE >../rules
            \(open); sops --config ../rules encrypt --in-place \(attacker.file)
            """
        }
        try await fixture.commit(groups(3))
        #expect(try await environment.publish().outcome == .committed)
        var next = GitFixture.Request(value: SampleKey.stranger, expect: [SampleKey.successor])
        next.operation = "01JDC000000000000000000003/web/6666"
        #expect(try await environment.check(next).outcome == .ready)
        try await fixture.commit(groups(2))
        let answer = try await environment.publish(next)
        #expect(answer.short == Self.refusal, "\(answer)")
        #expect(answer.outcome.error?.message.contains("key groups") == true)
    }

    @Test(
        "where nothing shows whose file it is, the readers have to be named: a file that is made, however it came to that"
    )
    func made() async throws {
        let (fixture, attacker, next) = try await rotated()
        try await fixture.commit(
            "printf 'creation_rules:\\n  - age: %s\\n' $THEIRS >.sops.yaml; git rm -q \(attacker.file)")
        for answer in [try await fixture.check(next), try await fixture.publish(next)] {
            #expect(answer.short == Self.refusal, "\(answer)")
            #expect(answer.outcome.error?.hint?.contains("recipients: [") == true)
        }
        #expect(try await fixture.commits() == 5)
    }

    @Test("and a file that cannot be read here, whose metadata anybody may have changed")
    func sealed() async throws {
        let sample = SOPSCase.all[0].alone
        var fixture = try await sample.fixture()
        fixture.environment = [:]
        try await fixture.commit(
            "printf 'creation_rules:\\n  - age: %s\\n' $THEIRS >.sops.yaml; sed -i \"s/$MINE/$THEIRS/\" deploy/prod.yaml"
        )
        let answer = try await fixture.publish()
        #expect(answer.short == Self.refusal, "\(answer)")
        #expect(try await fixture.commits() == 4)
    }

    @Test(
        "and a file that holds no key of the rotation, whose data key may be an attacker's",
        arguments: SOPSCase.layouts)
    func dataKey(sample: SOPSCase) async throws {
        let fixture = try await sample.fixture()
        let attacker = SOPSAttacker(sample, fixture)
        try await attacker.pushOwnDataKey(sample.without)
        for expect in [[SampleKey.predecessor], nil] {
            let answer = try await fixture.publish(.init(expect: expect))
            #expect(answer.short == Self.refusal, "\(answer)")
            #expect(try await !attacker.reads())
        }
    }

    @Test("a check before the rotation has begun knows no key, and takes the one that is there")
    func early() async throws {
        let fixture = try await SOPSCase.all[0].fixture()
        var request = GitFixture.Request(expect: nil)
        request.rotation = ""
        request.operation = "check/web"
        #expect(try await fixture.check(request).outcome == .ready)
        #expect(try await fixture.check(request, ["path": "deploy/prod-new.yaml"]).short == Self.refusal)
    }
}

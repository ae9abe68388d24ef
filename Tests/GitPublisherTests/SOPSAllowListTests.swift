import JSON
import PublisherKit
import TestSupport
import Testing

/// Whoever may push to the branch, against a target that names its `recipients`.
@Suite(.timeLimit(.minutes(10)), .tags(.processes, .slow))
struct SOPSAllowListTests {
    /// A fixture whose target names `mine.txt` alone.
    private func fixture(_ sample: SOPSCase = .all[0]) async throws -> (GitFixture, SOPSAttacker) {
        let fixture = try await sample.fixture().naming()
        return (fixture, SOPSAttacker(sample, fixture))
    }

    private static let refusal = "rejected configuration with.recipients"

    /// What an attacker makes of the rules, and of a file that is there.
    private static let rules = [
        "printf 'creation_rules:\\n  - age: %s\\n' $MINE,$THEIRS >.sops.yaml",
        "printf 'creation_rules:\\n  - age: %s\\n' $THEIRS >.sops.yaml",
        "printf 'creation_rules:\\n  - path_regex: (?i)PROD\\n    age: %s\\n  - age: %s\\n' $THEIRS $MINE >.sops.yaml",
        "printf 'creation_rules:\\n  - age: %s\\n' $THEIRS >deploy/.sops.yaml",
        """
        printf 'creation_rules:\\n  - key_groups:\\n    - merge: [{age: [%s]}]\\n      age: [%s]\\n' $THEIRS $MINE >.sops.yaml
        """,
        "printf 'creation_rules:\\n  - age: %s\\n    kms: arn:aws:kms:us-east-1:111122223333:key/a\\n' $MINE >.sops.yaml",
        "git rm -q .sops.yaml",
    ]

    @Test("a file that is made is for the recipients, whatever the rules in the branch have become", arguments: rules)
    func madeByRules(rules: String) async throws {
        let (fixture, attacker) = try await fixture()
        try await fixture.commit("git rm -q deploy/prod.yaml; \(rules)")
        let with: JSONObject = ["name": "web.key"]
        #expect(try await fixture.check(.init(), with).outcome == .ready)
        #expect(try await fixture.publish(.init(), with).outcome == .committed)
        #expect(try await attacker.readers() == fixture.sh("echo $MINE"))
        #expect(try await !attacker.reads())
        #expect(try await fixture.verify(.init(), with).outcome == .match)
    }

    @Test("a file that cannot be read here is made anew for the recipients, and not for the rules' readers")
    func sealedByRules() async throws {
        var (fixture, attacker) = try await fixture(SOPSCase.all[0].alone)
        fixture.environment = [:]
        try await fixture.commit(Self.rules[1])
        #expect(try await fixture.publish().outcome == .committed)
        #expect(try await attacker.readers() == fixture.sh("echo $MINE"))
        // Its metadata can be changed with any editor.
        try await fixture.commit("sed -i \"s/$MINE/$THEIRS/\" deploy/prod.yaml")
        #expect(try await fixture.publish(.init(value: SampleKey.stranger, expect: nil)).short == Self.refusal)
    }

    @Test("no variable of sops adds a reader, and no configuration beside the repository counts")
    func environment() async throws {
        var (fixture, attacker) = try await fixture()
        let theirs = try await fixture.sh(
            """
            mkdir config; printf 'creation_rules:\\n  - age: %s\\n' $THEIRS | tee config/.sops.yaml >.sops.yaml
            echo $THEIRS
            """)
        let folder = fixture.git.folder
        fixture.environment["SOPS_CONFIG"] = folder.file("config/.sops.yaml")
        fixture.environment["XDG_CONFIG_HOME"] = folder.file("config")
        fixture.environment["TMPDIR"] = folder.path
        fixture.environment["SOPS_AGE_RECIPIENTS"] = theirs
        fixture.environment["SOPS_PGP_FP"] = String(repeating: "A", count: 40)
        fixture.environment["SOPS_KMS_ARN"] = "arn:aws:kms:us-east-1:111122223333:key/a"
        fixture.environment["SOPS_GCP_KMS_IDS"] = "projects/p/locations/l/keyRings/r/cryptoKeys/k"
        fixture.environment["SOPS_VAULT_URIS"] = "https://127.0.0.1:1/v1/transit/keys/k"
        fixture.environment["SOPS_AZURE_KEYVAULT_URLS"] = "https://127.0.0.1:1/keys/k/1"
        fixture.environment["SOPS_HUAWEICLOUD_KMS_IDS"] = "r:6b8f3c5e-7d35-4a1e-9a55-1f2d3c4b5a69"
        try await fixture.commit("git rm -q .sops.yaml deploy/prod.yaml")
        let answer = try await fixture.publish(.init(), ["name": "web.key"])
        #expect(answer.outcome == .committed, "\(answer)")
        #expect(try await attacker.readers() == fixture.sh("echo $MINE"))
        #expect(try await !attacker.reads())
    }

    @Test(
        "a reader that was added to the file by a push is refused by name, in every verb", arguments: SOPSCase.layouts)
    func added(sample: SOPSCase) async throws {
        let (fixture, attacker) = try await fixture(sample)
        // As who can read it does it, which is more than an attacker may have.
        try await fixture.commit(attacker.sops("rotate", "--in-place --add-age $THEIRS \(attacker.file)"))
        let theirs = try await fixture.sh("echo $THEIRS")
        for answer in [try await fixture.check(), try await fixture.publish(), try await fixture.verify()] {
            #expect(answer.short == Self.refusal, "\(answer)")
            #expect(answer.outcome.error?.message.contains(theirs) == true)
        }
        #expect(try await fixture.commits() == 4)
        let accepting = try await fixture.naming("$MINE,$THEIRS")
        #expect(try await accepting.publish().outcome == .committed)
        #expect(try await accepting.verify().outcome == .match)
    }

    @Test("a recipient that the file is not encrypted for is refused by name: it could not read the next key")
    func missing() async throws {
        let (fixture, _) = try await fixture()
        let more = try await fixture.naming("$MINE,$THEIRS")
        let theirs = try await fixture.sh("echo $THEIRS")
        for answer in [try await more.check(), try await more.publish()] {
            #expect(answer.short == Self.refusal, "\(answer)")
            #expect(answer.outcome.error?.message.contains(theirs) == true)
        }
        #expect(try await fixture.publish().outcome == .committed)
        #expect(try await more.verify().short == Self.refusal)
        // A swap is both.
        try await fixture.commit(
            "sops rotate --in-place --add-age $THEIRS --rm-age $MINE deploy/prod.yaml")
        #expect(try await fixture.publish().short == Self.refusal)
    }

    /// Entries of every kind that sops has, as its metadata names them, and what a message calls them.
    private static let kinds = [
        (#".pgp = [{fp: "85D77543B3D624B63CEA9E6DBC17301B491B3F21"}]"#, "85D77543B3D624B63CEA9E6DBC17301B491B3F21"),
        (
            #".kms = [{arn: "arn:aws:kms:us-east-1:1:key/a", role: "arn:aws:iam::2:role/b"}]"#,
            "arn:aws:kms:us-east-1:1:key/a+arn:aws:iam::2:role/b"
        ),
        (
            #".gcp_kms = [{resource_id: "projects/p/locations/l/keyRings/r/cryptoKeys/k"}]"#,
            "projects/p/locations/l/keyRings/r/cryptoKeys/k"
        ),
        (
            #".azure_kv = [{vault_url: "https://a.vault.azure.net", name: "k", version: "1"}]"#,
            "https://a.vault.azure.net/keys/k/1"
        ),
        (
            #".hc_vault = [{vault_address: "https://127.0.0.1:1", engine_path: "transit", key_name: "k"}]"#,
            "https://127.0.0.1:1/v1/transit/keys/k"
        ),
        (#".hckms = [{key_id: "r:6b8f3c5e-7d35-4a1e-9a55-1f2d3c4b5a69"}]"#, "r:6b8f3c5e-7d35-4a1e-9a55-1f2d3c4b5a69"),
        (#".next_kms = [{id: "some"}]"#, "next_kms"),
        (#".AGE = .age"#, "AGE"),
        (#".age += [{Recipient: $t}]"#, "age"),
        (#".key_groups = [{age: .age}, {age: [{recipient: $t}]}] | .shamir_threshold = 2 | del(.age)"#, "age1"),
        (#".key_groups = [{age: .age}, {age: .age}] | .shamir_threshold = 1 | del(.age)"#, "key groups"),
    ]

    @Test("a reader of any kind that the file names is refused before sops gets to see it", arguments: kinds)
    func otherKinds(change: String, name: String) async throws {
        let (fixture, attacker) = try await fixture(.all[1])
        try await fixture.commit(
            """
            jq --arg t $THEIRS '.sops |= ((\(change)) | (.pgp, .kms, .gcp_kms, .azure_kv, .hc_vault, .hckms)[]?
                += {enc: "AAAA", created_at: "2026-01-01T00:00:00Z"})' \(attacker.file) >new; mv new \(attacker.file)
            """)
        let answer = try await fixture.publish()
        #expect(answer.short == Self.refusal, "\(answer)")
        #expect(answer.outcome.error?.message.contains(name) == true, "\(answer)")
        #expect(try await fixture.commits() == 4)
    }

    @Test(
        "so it is in every format", arguments: [0, 2, 3],
        ["kms__list_0__map_arn", "key_groups__list_0__map_kms__list_0__map_arn"])
    func otherFormats(number: Int, path: String) async throws {
        let (fixture, attacker) = try await fixture(.all[number])
        let arn = "arn:aws:kms:us-east-1:1:key/a"
        let lines = [
            "sed -i 's|^sops:|&\\n    \(path.contains("groups") ? "key_groups: [{kms: [{arn: \"\(arn)\"}]}]" : "kms: [{arn: \"\(arn)\"}]")|'",
            "", "sed -i '$asops_\(path)=\(arn)'", "sed -i '/^.sops.$/a\(path) = \(arn)'",
        ]
        try await fixture.commit("\(lines[number]) \(attacker.file)")
        let answer = try await fixture.publish()
        #expect(answer.short == Self.refusal, "\(answer)")
        #expect(answer.outcome.error?.message.contains(arn) == true, "\(answer)")
    }

    @Test(
        "a data key that an attacker has made or kept opens nothing that is written later", arguments: SOPSCase.layouts)
    func dataKey(sample: SOPSCase) async throws {
        let (fixture, attacker) = try await fixture(sample)
        try await attacker.pushOwnDataKey(sample.without)
        let answer = try await fixture.publish(.init(expect: sample.file == "prod.key" ? nil : [SampleKey.predecessor]))
        #expect(answer.outcome == .committed, "\(answer)")
        #expect(try await attacker.readers() == fixture.sh("echo $MINE"))
        #expect(try await !attacker.reads())
        #expect(try await fixture.verify().outcome == .match)
    }

    @Test("an entry with an allowed name whose data key is encrypted for another opens nothing that is written later")
    func falseName() async throws {
        let (fixture, attacker) = try await fixture(.all[1])
        try await fixture.commit(
            """
            \(attacker.sops("rotate", "--in-place --add-age $THEIRS \(attacker.file)")); cp \(attacker.file) ../whole
            sed -i "s/$THEIRS/$MINE/" \(attacker.file)
            """)
        #expect(try await fixture.publish().outcome == .committed)
        #expect(try await !attacker.reads())
        let named = try await fixture.sh(
            """
            git -C remote.git show main:\(attacker.file) | sed "s/$MINE/$THEIRS/" >named
            SOPS_AGE_KEY_FILE=$PWD/theirs.txt \(attacker.sops("decrypt", "named")) 2>/dev/null | wc -l
            """
        )
        #expect(named == "0")
    }

    @Test("a file that age encrypts is for the recipients, whoever has encrypted it before")
    func age() async throws {
        var fixture = try await GitFixture(
            ["path": "key.age", "format": "raw", "encrypt": "age"],
            "printf \(SampleKey.predecessor) | age -a -r $MINE -r $THEIRS >key.age"
        ).naming()
        fixture.with["identity"] = .string(fixture.git.folder.file("mine.txt"))
        #expect(try await fixture.publish().outcome == .committed)
        let read = "git -C remote.git show main:key.age | age -d -i"
        #expect(try await fixture.sh("\(read) mine.txt") == SampleKey.successor)
        #expect(try await fixture.sh("\(read) theirs.txt 2>/dev/null || echo denied") == "denied")
    }

    @Test("what is no reader is told as such, and a key that was pasted by mistake is not printed")
    func noReaders() async throws {
        let (fixture, _) = try await fixture()
        for wrong in ["AGE-SECRET-KEY-1QQQ", "ops@example.invalid", "1B491B3F21"] {
            let answer = try await fixture.check(.init(), ["recipients": [.string(wrong)]])
            #expect(answer.short == Self.refusal)
            #expect(answer.outcome.error?.message.contains(wrong) == false)
        }
    }

    @Test("readers of other kinds than age are named as sops names them")
    func pgp() async throws {
        var (fixture, attacker) = try await fixture()
        let fingerprint = try await fixture.sh(
            """
            mkdir -m 700 gnupg; export GNUPGHOME=$PWD/gnupg
            gpg --batch --quiet --passphrase '' --quick-gen-key t ed25519 cert never 2>/dev/null
            F=$(gpg --list-keys --with-colons | awk -F: '/^fpr/ { print $10; exit }')
            gpg --batch --quiet --passphrase '' --quick-add-key $F cv25519 encr never
            cd seed; \(attacker.sops("rotate", "--in-place --add-pgp $F \(attacker.file)"))
            git commit -qam pgp; git push -q origin HEAD:main
            echo $F
            """)
        fixture.environment["GNUPGHOME"] = fixture.git.folder.file("gnupg")
        #expect(try await fixture.publish().short == Self.refusal)
        fixture.with["recipients"] = .array([fixture.with["recipients"] ?? "", .string(fingerprint)])
        #expect(try await fixture.publish().outcome == .committed)
        #expect(
            try await fixture.publish(.init(), ["path": "deploy/prod-2.yaml", "name": "k"]).outcome == .committed)
        let read = "GNUPGHOME=$PWD/gnupg SOPS_AGE_KEY_FILE=/dev/null sops decrypt --input-type yaml --output-type yaml"
        for file in ["prod", "prod-2"] {
            #expect(
                try await fixture.sh("git -C remote.git show main:deploy/\(file).yaml >f; \(read) f").contains(
                    SampleKey.successor))
        }
        try await fixture.sh("GNUPGHOME=$PWD/gnupg gpgconf --kill all")
    }
}

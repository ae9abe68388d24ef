import PublisherKit
import TestSupport

/// Somebody who may push to the branch and has `theirs.txt`, against a repository whose keys are for `mine.txt` alone.
struct SOPSAttacker {
    let fixture: GitFixture
    let file: String
    private let type: String

    init(_ sample: SOPSCase, _ fixture: GitFixture) {
        self.fixture = fixture
        file = "deploy/\(sample.file)"
        type =
            ["yaml": "yaml", "json": "json", "env": "dotenv", "ini": "ini"][file.split(separator: ".").last] ?? "binary"
    }

    /// `sops` for the file's format, by nobody's rules.
    func sops(_ verb: String, _ options: String) -> String {
        "sops --config /dev/null \(verb) --input-type \(type) --output-type \(type) \(options)"
    }

    /// Prints a file without the second of two age recipients, and one with it.
    var strip: String {
        switch type {
        case "yaml": "awk -v t=$THEIRS 'index($0, t) { skip = 1 } /lastmodified/ { skip = 0 } !skip'"
        case "json", "binary": "jq 'del(.sops.age[1])'"
        default: "grep -v age__list_1"
        }
    }

    /// The entry that `strip` takes away, put into the file `committed` out of the file `whole`.
    var restore: String {
        switch type {
        case "yaml":
            """
            awk -v t=$THEIRS 'index($0, t) { take = 1 } /lastmodified/ { take = 0 } take' whole >entry
            sed '/lastmodified/,$d' committed; cat entry; sed -n '/lastmodified/,$p' committed
            """
        case "json", "binary": "jq -s '.[0].sops.age += [.[1].sops.age[1]] | .[0]' committed whole"
        default: "cat committed; grep age__list_1 whole"
        }
    }

    /// Pushes a file that names `$MINE` alone, and whose data key the attacker has: it was once encrypted for both.
    func pushOwnDataKey(_ plaintext: String) async throws {
        try await fixture.commit(
            """
            printf '%s' '\(plaintext)' | \(sops("encrypt", "--age $MINE,$THEIRS --filename-override \(file)")) >../whole
            \(strip) ../whole >\(file)
            ! grep -q $THEIRS \(file)
            """)
    }

    /// Whether the attacker gets the successor out of the branch, as it is or with what was kept of `pushOwnDataKey`.
    func reads() async throws -> Bool {
        let found = try await fixture.sh(
            """
            export SOPS_AGE_KEY_FILE=$PWD/theirs.txt; git -C remote.git show main:\(file) >committed || true
            {
                \(sops("decrypt", "committed")) 2>&1
                [ ! -e whole ] || { { \(restore); } >again; \(sops("decrypt", "again")) 2>&1; }
            } | grep -c \(SampleKey.successor) || true
            """)
        return found != "0"
    }

    /// The age recipients that the file in the branch names.
    func readers() async throws -> String {
        try await fixture.sh("git -C remote.git show main:\(file) | grep -o 'age1[a-z0-9]*' | sort -u")
    }
}

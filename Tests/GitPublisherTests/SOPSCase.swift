import JSON
import PublisherKit
import TestSupport
import Testing

/// A file of one format with the predecessor in it.
struct SOPSCase: Sendable, CustomTestStringConvertible {
    let file: String
    let plaintext: String
    let with: JSONObject
    /// Prints the value with the real `sops`.
    let reader: String
    /// How many lines may differ: the value, the MAC and its date.
    let lines: Int

    var testDescription: String { file }

    static let all = [
        SOPSCase(
            file: "prod.yaml",
            plaintext:
                "# top\na: 1 # x\nweb:\n  - name: k\n    value: \(SampleKey.predecessor)\n  - name: other\nlast: two\n",
            with: ["name": "web.0.value"], reader: #"sops decrypt --extract '["web"][0]["value"]'"#, lines: 3),
        SOPSCase(
            file: "prod.json", plaintext: #"{"a": {"b": "\#(SampleKey.predecessor)", "c": [1, true]}, "d": "x"}"#,
            with: ["name": "a.b"], reader: #"sops decrypt --extract '["a"]["b"]'"#, lines: 3),
        SOPSCase(
            file: "prod.env", plaintext: "# c\nA=1\nKEY=\(SampleKey.predecessor)\nB=2\n", with: ["name": "KEY"],
            reader: #"sops decrypt --extract '["KEY"]'"#, lines: 3),
        SOPSCase(
            file: "prod.ini", plaintext: "[web]\n; c\na = 1\nkey = \(SampleKey.predecessor)\n",
            with: ["name": "web.key"],
            // sops writes the names of its own section in any order.
            reader: #"sops decrypt --extract '["web"]["key"]'"#, lines: 20),
        SOPSCase(
            file: "prod.key", plaintext: SampleKey.predecessor, with: ["format": "raw"],
            reader: "sops decrypt --input-type binary --output-type binary", lines: 4),
    ]
}

extension SOPSCase {
    /// One of each way to keep the metadata: as a tree, and as a list of names.
    static let layouts = [all[0], all[2]]

    /// The same file with the key alone in it.
    var alone: SOPSCase {
        let texts = [
            "prod.yaml": "web:\n  - name_unencrypted: k\n    value: \(SampleKey.predecessor)\n",
            "prod.json": #"{"a": {"b": "\#(SampleKey.predecessor)", "n_unencrypted": 1.5}}"#,
            "prod.env": "KEY=\(SampleKey.predecessor)\n", "prod.ini": "[web]\nkey = \(SampleKey.predecessor)\n",
        ]
        return SOPSCase(
            file: file, plaintext: texts[file] ?? SampleKey.predecessor, with: with, reader: reader, lines: 0)
    }

    /// A plaintext of the file that somebody can make who does not know the key.
    var without: String {
        let texts = [
            "prod.yaml": "web:\n  - name: k\n", "prod.json": #"{"a": {"c": "x"}}"#, "prod.env": "A=1\n",
            "prod.ini": "[web]\na = 1\n",
        ]
        return texts[file] ?? "x"
    }

    /// A repository with the file, encrypted by `.sops.yaml` for the recipients that the shell makes of `rules`.
    func fixture(rules: String = "$MINE") async throws -> GitFixture {
        var with = with
        with["path"] = .string("deploy/\(file)")
        with["encrypt"] = "sops"
        return try await GitFixture(
            with,
            """
            printf 'creation_rules:\\n  - path_regex: ^deploy/prod\\n    age: %s\\n' "\(rules)" >.sops.yaml
            cat >deploy/\(file) <<'END'
            \(plaintext)
            END
            [ \(file) != prod.key ] || truncate -s -1 deploy/prod.key
            sops encrypt -i deploy/\(file)
            """)
    }
}

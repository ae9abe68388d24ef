import Secrets
import TestSupport

/// Secrets of several kinds, and texts around them.
enum Samples {
    static let digits = "0e6d9a14b72c85f3d1a69047be38c25f7690d3ab41e8f52c06b7d98e34fa1c96"
    static let key = "sk-or-v1-\(digits)"
    static let secrets = [
        key, "ghp_q7RkZ0aXw3LmT9vBn2YcJ5sHd8FgKe4PuiQo", "correct horse/battery?staple+8", "p4$$ \"w\\rd\"-longer-7",
        "https://hook.example/services/T0AB/B1CD/kX9wQz7LmN2pRs5t",
    ]

    /// What stands before and after a secret.
    static let surroundings = [
        ("", ""), ("before ", " after"), (#"{"id":"7","message":"is ~"#, #"~","outcome":"rejected"}"#),
        ("2026-11-23T03:04:05Z web: token=<", ">; status=422 100% \\o/ a&b\n"), ("[", "]\r\nnext line"),
    ]
}

extension SplitMix64 {
    mutating func text(of alphabet: String, _ count: Int) -> [UInt8] {
        let characters = Array(alphabet.utf8)
        return (0..<count).map { _ in characters[Int(next() % UInt64(characters.count))] }
    }
}

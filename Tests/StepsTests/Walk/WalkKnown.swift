/// What the walks find and what is not mended yet: words of a complaint, and the item of the issue that is about it.
///
/// In the end there is none.
enum WalkKnown {
    static let findings: [(words: String, item: String)] = [
        ("ork-verify: the successor does not work", "1"),
        ("works at ledger\": the successor does not work", "1"),
        ("the successor does not work at OpenRouter", "1"),
        ("takes a key from an application: ork-retire: ledger", "2, 8"),
        ("ork-create --supersede: live keys are in no rotation", "4"),
        ("ork-create: there is no successor that works", "4"),
        ("was created before", "4"),
        ("the successor is not sealed to this stage's identity", "5"),
        ("every target holds", "1"),
        ("ork-publish: ", "1"),
        ("checks did not pass", "1, 14"),
        ("wave comes after", "1, 14"),
        ("created checkout-prod first, or at the same moment", "9"),
        ("is a live key that this rotation does not know", "9"),
        ("ork-retire --restore: a predecessor does not work", "10"),
        ("writes an older key over a newer one", "11"),
        ("finished", "11"),
        ("every predecessor is deleted", "11"),
        ("which is not trusted for create", "12"),
        ("ten commands", "15"),
    ]

    static func knows(_ signature: String) -> Bool { findings.contains { signature.contains($0.words) } }
}

/// What the walks find and what is not mended yet: words of a complaint, and the item of the issue that is about it.
///
/// In the end there is none.
enum WalkKnown {
    static let findings: [(words: String, item: String)] = [
        ("was created before", "4"),
        ("ork-create: there is no successor that works", "4"),
        ("every target holds", "1"),
        ("ork-publish: ", "1"),
        ("no target held the predecessor before", "2"),
        ("first, or at the same moment", "9"),
        ("ten commands", "15"),
    ]

    static func knows(_ signature: String) -> Bool { findings.contains { signature.contains($0.words) } }
}

import FoundationEssentials
import Timestamps

/// What was when, as lanes with bars and marks.
package struct Timeline: Sendable {
    let title: String
    let from: Date
    let until: Date
    let lanes: [Lane]

    struct Lane: Sendable {
        /// What it is: `successor`, `target`.
        let role: String
        let name: String
        let bars: [Bar]
        let marks: [Mark]

        /// The whole of it in words, for those who do not see the bars: in the order of time.
        var words: [String] {
            let spans = bars.map { ($0.from, "\($0.kind.word) \($0.span)") }
            let moments = marks.map { ($0.at, "\($0.word) \($0.at.rfc3339)") }
            let all = (spans + moments).enumerated().sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }
            return all.isEmpty ? ["nothing yet"] : all.map(\.element.1)
        }
    }

    struct Bar: Sendable {
        let kind: Kind
        let from: Date
        let until: Date
        /// Whether it was so before anything was recorded, and is so now.
        var isOpenBefore = false
        var isOpenAfter = false

        var span: String {
            switch (isOpenBefore, isOpenAfter) {
            case (true, true): "throughout"
            case (true, false): "until \(until.rfc3339)"
            case (false, true): "from \(from.rfc3339) on"
            case (false, false): "\(from.rfc3339) to \(until.rfc3339)"
            }
        }

        enum Kind: String, Sendable, CaseIterable {
            case live, minting, disabled, holds, underWay, over

            var word: String {
                switch self {
                case .live: "live"
                case .minting: "minted, may not spend"
                case .disabled: "disabled"
                case .holds: "holds the successor"
                case .underWay: "under way"
                case .over: "finished"
                }
            }
        }
    }

    /// A moment on a lane.
    struct Mark: Sendable {
        let word: String
        let at: Date
        let tone: Document.Tone
    }

    /// `now` ends it where something goes on; a line of no length would show nothing.
    init?(_ title: String, _ lanes: [Lane]) {
        let starts = lanes.flatMap { $0.bars.map(\.from) + $0.marks.map(\.at) }
        let ends = lanes.flatMap { $0.bars.map(\.until) + $0.marks.map(\.at) }
        guard let first = starts.min(), let last = ends.max() else { return nil }
        self.title = title
        from = first
        until = max(last, first.addingTimeInterval(60))
        self.lanes = lanes
    }

    /// How far into the line a moment is, from 0 to 1.
    func place(of date: Date) -> Double {
        min(1, max(0, date.timeIntervalSince(from) / until.timeIntervalSince(from)))
    }

    /// The kinds of bars that it has, for a legend.
    var kinds: [Bar.Kind] {
        Bar.Kind.allCases.filter { kind in lanes.contains { $0.bars.contains { $0.kind == kind } } }
    }
}

import FoundationEssentials
import Timestamps

/// A timeline as a Gantt chart of Mermaid, which GitHub and GitLab draw.
package struct MermaidChart: Sendable {
    private let timeline: Timeline

    /// More than this many lanes cannot be read, and the text of a chart has a limit.
    private static let limit = 40
    /// A rotation that waits for weeks is looked at every hour; the newest marks of a lane tell enough.
    private static let markLimit = 20
    /// Mermaid breaks no line beside the bars.
    private static let nameLimit = 24

    package init(_ timeline: Timeline) { self.timeline = timeline }

    /// The block of Markdown.
    package var markdown: String { "```mermaid\n\(text)```\n\n" }

    /// The chart alone.
    package var text: String {
        // Read and shown without a zone, the moments stay in UTC wherever the reader is.
        var text =
            "%%{init: {\"gantt\": {\"leftPadding\": 230}}}%%\ngantt\n  dateFormat YYYY-MM-DD HH:mm:ss\n  axisFormat \(axis)\n"
        text += "  title \(Self.word(timeline.title)) (UTC)\(part)\n  todayMarker off\n"
        for lane in timeline.lanes.prefix(Self.limit) {
            text += "  section \(lane.role) \(Self.word(lane.name, limit: Self.nameLimit))\n"
            for bar in lane.bars {
                // Of no length, a bar would take the day.
                let end = max(bar.until, bar.from.addingTimeInterval(1))
                text += "    \(bar.kind.word): \(Self.style(bar.kind))\(Self.moment(bar.from)), \(Self.moment(end))\n"
            }
            for mark in lane.marks.suffix(Self.markLimit) {
                let style = mark.tone == .bad ? "crit, milestone" : "milestone"
                text += "    \(Self.word(mark.word)): \(style), \(Self.moment(mark.at)), 0s\n"
            }
        }
        return text
    }

    private var part: String {
        let count = timeline.lanes.count
        return count > Self.limit ? ", the first \(Self.limit) of \(count)" : ""
    }

    private var axis: String {
        timeline.until.timeIntervalSince(timeline.from) > 10 * 86400 ? "%m-%d" : "%m-%d %H:%M"
    }

    private static func style(_ kind: Timeline.Bar.Kind) -> String {
        switch kind {
        case .live, .holds, .underWay: "active, "
        case .disabled, .over: "done, "
        case .minting: ""
        }
    }

    private static func moment(_ date: Date) -> String {
        date.rfc3339.replacing("T", with: " ").replacing("Z", with: "")
    }

    /// A name of others in which nothing is left that Mermaid reads: it has no way of quoting that holds everywhere.
    private static func word(_ text: String, limit: Int = .max) -> String {
        let shown = ReportText.shown(text)
        let word = shown.prefix(limit).map { character -> Character in
            character.isLetter || character.isNumber || " -_./()+,".contains(character) ? character : "·"
        }
        return String(word) + (shown.count > limit ? "…" : "")
    }
}

import FoundationEssentials
import Timestamps

/// A timeline as a Gantt chart of Mermaid, which GitHub and GitLab draw.
package struct MermaidChart: Sendable {
    private let timeline: Timeline

    /// More than this many lanes cannot be read, and the text of a chart has a limit.
    private static let limit = 40
    /// A rotation that waits for weeks is looked at every hour; the newest marks of a lane tell enough.
    private static let markLimit = 20

    package init(_ timeline: Timeline) { self.timeline = timeline }

    /// The block of Markdown.
    package var markdown: String { "```mermaid\n\(text)```\n\n" }

    /// The chart alone.
    package var text: String {
        // Read and shown without a zone, the moments stay in UTC wherever the reader is.
        var text = "gantt\n  dateFormat YYYY-MM-DD HH:mm:ss\n  axisFormat \(axis)\n"
        text += "  title \(Self.word(timeline.title)) (UTC)\n"
        for lane in timeline.lanes.prefix(Self.limit) {
            text += "  section \(lane.role) \(Self.word(lane.name))\n"
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
        let rest = timeline.lanes.count - Self.limit
        if rest > 0 { text += "  section and \(rest) more\n" }
        return text
    }

    private var axis: String {
        timeline.until.timeIntervalSince(timeline.from) > 2 * 86400 ? "%m-%d" : "%m-%d %H:%M"
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
    private static func word(_ text: String) -> String {
        String(
            ReportText.shown(text).map { character -> Character in
                character.isLetter || character.isNumber || " -_./()+".contains(character) ? character : "·"
            })
    }
}

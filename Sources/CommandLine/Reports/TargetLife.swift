import FoundationEssentials
import JSON
import PublisherKit
import Rotation
import Secrets

/// What became of a target: every write, and every look at what it holds.
struct TargetLife: Sendable {
    let target: Plan.Target
    let news: TargetNews
    /// What it held before, as far as that is known.
    let heldBefore: String
    /// The last write, the last look, and what was seen there.
    private(set) var written: Record?
    private(set) var look: Record?
    private(set) var writes: [Record] = []
    private(set) var looks: [Record] = []
    private var bars: [Timeline.Bar] = []
    private var marks: [Timeline.Mark] = []

    init(_ target: Plan.Target, _ report: RotationReport) {
        self.target = target
        news = TargetNews(target, report.state)
        heldBefore = report.state.heldBefore(target.name).map(\.rawValue) ?? "unknown"
        var since: Date?
        func close(_ date: Date, isOpen: Bool = false) {
            guard let from = since else { return }
            bars.append(.init(kind: .holds, from: from, until: max(from, date), isOpenAfter: isOpen))
            since = nil
        }
        for record in report.records where record.target == target.name {
            switch (record.step, record.event) {
            case (_, .committed), (_, .unchanged):
                writes.append(record)
                written = record
                since = since ?? record.at
                marks.append(
                    .init(word: record.event == .committed ? "written" : "held it already", at: record.at, tone: .good))
            case (_, .rejected), (_, .unknown):
                writes.append(record)
                if record.event == .unknown { close(record.at) }
                let word = record.event == .rejected ? "not written" : "perhaps written"
                marks.append(.init(word: word, at: record.at, tone: record.event == .rejected ? .bad : .waiting))
            case (.verify, .checked):
                looks.append(record)
                look = record
                let (word, tone) = Self.read(record)
                if tone == .bad {
                    close(record.at)
                } else if tone == .good, written != nil {
                    since = since ?? record.at
                }
                marks.append(.init(word: word, at: record.at, tone: tone))
            case (_, .rolledBack):
                close(record.at)
                marks.append(.init(word: "put back", at: record.at, tone: .waiting))
            default: break
            }
        }
        close(report.horizon, isOpen: true)
    }

    private static func read(_ record: Record) -> (String, Document.Tone) {
        switch record.detail["outcome"]?.string {
        case "passed": ("read back", .good)
        case "failed": ("read back, and not there", .bad)
        case "not_yet": ("not there yet", .waiting)
        default: ("cannot be read", .plain)
        }
    }

    /// What the last look saw, in words.
    var seen: Document.Cell {
        guard let look else { return .text("not looked at") }
        let (word, tone) = Self.read(look)
        return .standing(word, tone)
    }

    var standing: Document.Cell {
        let tone: Document.Tone =
            switch news.event {
            case "committed", "unchanged": .good
            case "rejected": .bad
            default: .waiting
            }
        return .standing(news.event, tone)
    }

    var lane: Timeline.Lane {
        Timeline.Lane(role: "target", name: target.name.description, bars: bars, marks: marks)
    }
}

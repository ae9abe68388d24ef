import FoundationEssentials
import Timestamps

extension Timeline {
    /// A table: what it is, the bars, and the same in words.
    var html: [HTML] {
        let head = ["what", "when", "in words"].map { HTML.element(.th, [.plain(.scope, "col")], $0) }
        let rows = lanes.map { lane in
            HTML.element(
                .tr, [],
                [
                    .element(.th, [.plain(.scope, "row")], [.text("\(lane.role) \(lane.name)")]),
                    .element(.td, [.plain(.cssClass, "bars")], [bars(lane)]),
                    .element(.td, [.plain(.cssClass, "words")], lane.words.map { .element(.div, [], $0) }),
                ])
        }
        let table = HTML.element(
            .table, [.plain(.cssClass, "lines")],
            [
                .element(.caption, [], "\(title), from \(from.rfc3339) to \(until.rfc3339)"),
                .element(.thead, [], [.element(.tr, [], head)]), .element(.tbody, [], rows),
            ])
        return [legend, table]
    }

    // What the drawing shows stands in words beside it, so it is nothing to be read out twice.
    private func bars(_ lane: Lane) -> HTML {
        let track = HTML.element(
            .line,
            [
                .plain(.cssClass, "track"), .number(.x1, 0, "%"), .number(.x2, 100, "%"), .number(.y1, 12),
                .number(.y2, 12),
            ])
        let bars = lane.bars.map { bar -> HTML in
            let start = place(of: bar.from) * 100
            // What took a second of a week is to be seen.
            let width = max(place(of: bar.until) * 100 - start, 0.6)
            return .element(
                .rect,
                [
                    bar.kind.style, .number(.x, min(start, 99.4), "%"), .number(.width, width, "%"), .number(.y, 5),
                    .number(.height, 14), .number(.rx, 3),
                ])
        }
        // Trouble is drawn over what is well.
        let marks = lane.marks.sorted { $0.tone != .bad && $1.tone == .bad }.map { mark -> HTML in
            .element(
                .circle,
                [mark.tone.style, .number(.cx, place(of: mark.at) * 100, "%"), .number(.cy, 12), .number(.r, 6)])
        }
        return .element(.svg, [.plain(.hidden, "true")], [track] + bars + marks)
    }

    private var legend: HTML {
        let kinds = kinds.map { kind -> HTML in
            let sample = HTML.element(
                .rect,
                [
                    kind.style, .number(.x, 1), .number(.y, 2), .number(.width, 30), .number(.height, 12),
                    .number(.rx, 3),
                ])
            return .element(.li, [], [.element(.svg, [.plain(.hidden, "true")], [sample]), .text(kind.word)])
        }
        let hasMarks = lanes.contains { !$0.marks.isEmpty }
        let dot = HTML.element(
            .circle, [.plain(.cssClass, "plain"), .number(.cx, 16), .number(.cy, 8), .number(.r, 6)])
        let marks: [HTML] =
            hasMarks
            ? [
                .element(
                    .li, [], [.element(.svg, [.plain(.hidden, "true")], [dot]), .text("a moment, named in words")])
            ] : []
        return .element(.ul, [.plain(.cssClass, "legend"), .label("what the bars mean")], kinds + marks)
    }
}

extension Timeline.Bar.Kind {
    fileprivate var style: HTML.Attribute {
        switch self {
        case .live: .plain(.cssClass, "live")
        case .minting: .plain(.cssClass, "minting")
        case .disabled: .plain(.cssClass, "disabled")
        case .holds: .plain(.cssClass, "holds")
        case .underWay: .plain(.cssClass, "underWay")
        case .over: .plain(.cssClass, "over")
        }
    }
}

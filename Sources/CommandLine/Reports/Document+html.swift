import Secrets
import Timestamps

extension Document {
    /// One page that needs nothing else: no script, nothing that is fetched.
    var html: String {
        let head = HTML.element(
            .head, [],
            [
                .element(.meta, [.plain(.charset, "utf-8")]),
                .element(
                    .meta,
                    [.plain(.httpEquiv, "Content-Security-Policy"), .contentPolicy(style: StyleSheet.digest)]),
                .element(
                    .meta, [.plain(.name, "viewport"), .plain(.content, "width=device-width, initial-scale=1")]),
                .element(.meta, [.plain(.name, "referrer"), .plain(.content, "no-referrer")]),
                .element(.title, [], title), .style(StyleSheet.text),
            ])
        let body = HTML.element(
            .body, [],
            [
                .element(.header, [], [.element(.h1, [], title)] + lead.flatMap(pieces)),
                .element(.main, [], sections.enumerated().map { section($1, $0) }),
                .element(
                    .footer, [],
                    [
                        .element(
                            .p, [],
                            "Made by ork from what is recorded and what was asked. It holds no secret. All moments are in UTC."
                        )
                    ]),
            ])
        return ReportForm.html.mark + HTML.element(.html, [.plain(.lang, "en")], [head, body]).source
    }

    private func section(_ section: Section, _ number: Int) -> HTML {
        let anchor = HTML.Anchor("part", number + 1)
        let parts = section.parts.map { part in
            HTML.element(.section, [], [.element(.h3, [], part.title)] + part.blocks.flatMap(pieces))
        }
        return .element(
            .section, [.name(.id, anchor)],
            [.element(.h2, [], section.title)] + section.blocks.flatMap(pieces) + parts)
    }

    private func pieces(_ block: Block) -> [HTML] {
        switch block {
        case .paragraph(let text): [.element(.p, [], text)]
        case .facts(let facts):
            [
                .element(
                    .dl, [],
                    facts.flatMap { [.element(.dt, [], $0.name), .element(.dd, [], [$0.value.html])] })
            ]
        case .table(let table): [table.html]
        case .timeline(let timeline): timeline.html
        case .contents:
            [
                .element(
                    .nav, [.label("contents")],
                    [
                        .element(
                            .ul, [],
                            sections.enumerated().map { number, section in
                                .element(
                                    .li, [],
                                    [.element(.a, [.link(to: HTML.Anchor("part", number + 1))], section.title)])
                            })
                    ])
            ]
        }
    }
}

extension Document.Table {
    fileprivate var html: HTML {
        guard !rows.isEmpty else { return .element(.p, [], absence) }
        let head = columns.map { HTML.element(.th, [.plain(.scope, "col")], $0) }
        let body = rows.map { row in
            HTML.element(
                .tr, [],
                row.enumerated().map { index, cell in
                    index == 0
                        ? .element(.th, [.plain(.scope, "row")], [cell.html])
                        : .element(.td, [.column(columns[index])], [cell.html])
                })
        }
        return .element(
            .table, [],
            [
                .element(.caption, [], title), .element(.thead, [], [.element(.tr, [], head)]),
                .element(.tbody, [], body),
            ])
    }
}

extension Document.Cell {
    fileprivate var html: HTML {
        switch self {
        case .text(let text): .text(text)
        case .code(let text): .element(.code, [], text)
        case .moment(let date):
            date.map { .element(.time, [.moment($0.rfc3339)], $0.rfc3339) } ?? .text("–")
        case .standing(let word, let tone): .element(.span, [tone.style], word)
        }
    }
}

extension Document.Tone {
    var style: HTML.Attribute {
        switch self {
        case .good: .plain(.cssClass, "good")
        case .waiting: .plain(.cssClass, "waiting")
        case .bad: .plain(.cssClass, "bad")
        case .plain: .plain(.cssClass, "plain")
        }
    }
}

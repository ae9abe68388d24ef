import Secrets

/// A piece of a page. Whoever makes one cannot leave out the escaping: a text, an element around pieces, and nothing else.
struct HTML: Hashable, Sendable {
    /// The page's source.
    let source: String

    private init(source: String) { self.source = source }

    /// What others may have written is shown as it would be on a terminal: one line, nothing that hides or reorders.
    static func text(_ text: String) -> HTML { HTML(source: escape(ReportText.shown(text))) }

    /// A style sheet of ours; no text of others can be one.
    static func style(_ sheet: StaticString) -> HTML { HTML(source: "<style>\(sheet)</style>\n") }

    static func element(_ tag: Tag, _ attributes: [Attribute] = [], _ content: [HTML] = []) -> HTML {
        let list = attributes.map { " \($0.name)=\"\(escape($0.value))\"" }.joined()
        let open = "<\(tag.rawValue)\(list)>"
        let end = tag.isLine ? "\n" : ""
        guard !tag.isVoid else { return HTML(source: open + end) }
        return HTML(source: "\(open)\(content.map(\.source).joined())</\(tag.rawValue)>\(end)")
    }

    static func element(_ tag: Tag, _ attributes: [Attribute] = [], _ text: String) -> HTML {
        element(tag, attributes, [.text(text)])
    }

    /// The elements that a report is made of. None of them runs anything or fetches anything.
    enum Tag: String, Sendable {
        case html, head, meta, title, body, header, main, nav, section, footer
        case h1, h2, h3, p, ul, li, a, strong, span, code, time, dl, dt, dd, div
        case table, caption, thead, tbody, tr, th, td
        case svg, rect, circle, line

        fileprivate var isVoid: Bool { self == .meta }

        /// Whether the source goes on in a new line behind it.
        fileprivate var isLine: Bool {
            switch self {
            case .strong, .span, .code, .time, .a, .rect, .circle, .line, .title: false
            default: true
            }
        }
    }

    /// An attribute of an element: only those that can do no harm, whatever their value.
    struct Attribute: Hashable, Sendable {
        fileprivate let name: String
        fileprivate let value: String

        private init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }

        static func plain(_ name: Name, _ value: StaticString) -> Attribute { Attribute(name.rawValue, "\(value)") }
        static func label(_ text: String) -> Attribute { Attribute("aria-label", ReportText.shown(text)) }
        static func column(_ text: String) -> Attribute { Attribute("data-label", ReportText.shown(text)) }
        static func moment(_ text: String) -> Attribute { Attribute("datetime", ReportText.shown(text)) }
        static func name(_ name: Name, _ anchor: Anchor) -> Attribute { Attribute(name.rawValue, anchor.description) }
        static func link(to anchor: Anchor) -> Attribute { Attribute("href", "#\(anchor)") }
        static func number(_ name: Name, _ number: Double, _ unit: String = "") -> Attribute {
            let hundredths = Int((number * 100).rounded())
            let rest = hundredths % 100
            return Attribute(name.rawValue, "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)\(unit)")
        }
        /// What only this page's own style sheet may be, by its digest.
        static func contentPolicy(style digest: String) -> Attribute {
            Attribute(
                "content", "default-src 'none'; style-src 'sha256-\(digest)'; base-uri 'none'; form-action 'none'")
        }
    }

    /// The names of attributes.
    enum Name: String, Sendable {
        case lang, charset, name, content, httpEquiv = "http-equiv", cssClass = "class", scope, id, role
        case hidden = "aria-hidden", labelledBy = "aria-labelledby"
        case x, y, width, height, rx, cx, cy, r, x1, x2, y1, y2
    }

    /// A place in the page.
    struct Anchor: Hashable, Sendable, CustomStringConvertible {
        let description: String

        init(_ kind: StaticString, _ number: Int) { description = "\(kind)-\(number)" }
    }

    private static func escape(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

/// How a report shows what others may have written.
enum ReportText {
    /// One line without anything that hides or reorders text, and without what looks like a secret.
    static func shown(_ text: String) -> String { DisplayText.line(SecretShape.masking(text), limit: .max) }
}

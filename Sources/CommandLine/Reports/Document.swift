import FoundationEssentials
import Timestamps

/// A report in its parts, before it gets a form: every form shows the same.
package struct Document: Sendable {
    var title: String
    /// Under the title: of what, when, by what.
    var lead: [Block]
    var sections: [Section]

    struct Section: Sendable {
        var title: String
        var blocks: [Block]
        var parts: [Section] = []
    }

    enum Block: Sendable {
        case paragraph(String)
        /// What there is to say of one thing, name by name.
        case facts([Fact])
        case table(Table)
        case timeline(Timeline)
        /// Links to the sections below.
        case contents
    }

    struct Fact: Sendable {
        let name: String
        let value: Cell

        init(_ name: String, _ value: Cell) {
            self.name = name
            self.value = value
        }

        init(_ name: String, _ value: String) { self.init(name, .text(value)) }
    }

    /// A table of which the first column names the row.
    struct Table: Sendable {
        var title: String
        var columns: [String]
        var rows: [[Cell]]
        /// What is said instead where there is no row.
        var absence: String
    }

    /// What stands in one place. All of it is shown as text.
    enum Cell: Sendable {
        case text(String)
        /// What is meant for programs, such as a digest or a command.
        case code(String)
        case moment(Date?)
        /// A word that tells how it stands.
        case standing(String, Tone)

        /// The same in words.
        var words: String {
            switch self {
            case .text(let text), .code(let text), .standing(let text, _): text
            case .moment(let date): date?.rfc3339 ?? "–"
            }
        }
    }

    /// How good it is. The colour never says more than the word.
    enum Tone: String, Sendable { case good, waiting, bad, plain }
}

package import FoundationEssentials
package import JSON
import Rotation
import Timestamps
import Wording

/// Rotations on one page: what `ork-status --report` writes.
package struct RotationsReport: Report, Sendable {
    private let rotations: [RotationReport]
    private let version: String
    private let now: Date

    /// Those that began last come first.
    package init(_ rotations: [RotationReport], by version: String, at now: Date) {
        self.rotations = rotations.sorted { ($0.begun, $0.state.header.id) > ($1.begun, $1.state.header.id) }
        self.version = version
        self.now = now
    }

    package var document: Document {
        let made = Document.Block.facts([.init("made", .moment(now)), .init("by", version)])
        guard rotations.count != 1 else {
            let one = rotations[0]
            return Document(
                title: "Rotation \(one.state.header.name): \(one.state.sentence)", lead: [made, .contents],
                sections: one.sections)
        }
        var overview: [Document.Block] = [.table(table)]
        if let timeline = Timeline("\(Counted(rotations.count, "rotation"))", rotations.map(\.lane)) {
            overview.insert(.timeline(timeline), at: 0)
        }
        let sections = rotations.map { one in
            Document.Section(
                title: "Rotation \(one.state.header.name), begun \(one.begun.rfc3339): \(one.standing.words)",
                blocks: [],
                parts: one.sections)
        }
        return Document(
            title: "\(Counted(rotations.count, "rotation")) of OpenRouter keys", lead: [made, .contents],
            sections: [.init(title: "Overview", blocks: overview)] + sections)
    }

    private var table: Document.Table {
        .init(
            title: "all rotations, the newest first",
            columns: ["rotation", "state", "begun", "newest record", "targets", "next", "signers", "id"],
            rows: rotations.map { one in
                [
                    .text(one.state.header.name.description), one.standing, .moment(one.records.first?.at),
                    .moment(one.state.lastRecordAt), .text(String(one.state.plan.targets.count)),
                    one.next.map { .code($0.command) } ?? .text("nothing"),
                    one.areSignersTrusted ? .standing("trusted", .good) : .standing("not checked", .waiting),
                    .code(one.state.header.id.description),
                ]
            }, absence: "There is no rotation.")
    }

    package var members: JSONObject {
        [
            "kind": "rotations", "made_at": .string(now.rfc3339), "made_by": .string(version),
            "rotations": .array(rotations.map(\.json)),
        ]
    }
}

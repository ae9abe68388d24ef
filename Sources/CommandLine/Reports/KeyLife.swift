import FoundationEssentials
import JSON
import Rotation
import Secrets
import Timestamps

/// A key's life as far as this rotation saw it.
struct KeyLife: Sendable {
    let role: String
    let name: String
    let hash: KeyHash
    /// What it is now, in a word.
    private(set) var status: String
    private(set) var bars: [Timeline.Bar] = []
    private(set) var liveFrom: Date?
    private(set) var disabledAt: Date?
    private(set) var deletedAt: Date?

    private init(_ role: String, _ name: String, _ hash: KeyHash, status: String) {
        self.role = role
        self.name = name
        self.hash = hash
        self.status = status
    }

    /// The keys of a rotation: its predecessors, those that were made and dropped, and the successor.
    static func all(in report: RotationReport) -> [KeyLife] {
        let predecessors = report.state.header.predecessors.map { key in
            var life = KeyLife("predecessor", key.name, key.hash, status: "live")
            life.read(report, from: (.live, report.begun, true))
            return life
        }
        var made: [KeyLife] = []
        for record in report.records where record.event == .minted || record.event == .created {
            guard let hash = record.detail["hash"]?.string.flatMap(KeyHash.init),
                let name = record.detail["name"]?.string, !made.contains(where: { $0.hash == hash })
            else { continue }
            let role = report.state.strays.contains(hash) ? "stray key" : "successor"
            var life = KeyLife(role, name, hash, status: "minted")
            life.read(report, from: nil)
            made.append(life)
        }
        return predecessors + made
    }

    private mutating func read(_ report: RotationReport, from start: (Timeline.Bar.Kind, Date, Bool)?) {
        var current = start
        func close(_ date: Date) {
            guard let (kind, from, isOpen) = current else { return }
            bars.append(.init(kind: kind, from: from, until: max(from, date), isOpenBefore: isOpen))
            current = nil
        }
        for record in report.records where record.detail["hash"]?.string == hash.description {
            let at = record.detail["at"]?.string.flatMap { Date(rfc3339: $0) } ?? record.at
            switch record.event {
            case .minted:
                current = (.minting, record.detail["created_at"]?.string.flatMap { Date(rfc3339: $0) } ?? at, false)
            case .created, .restored:
                close(at)
                current = (.live, at, false)
                if record.event == .created { liveFrom = at }
                status = "live"
            case .disabled:
                close(at)
                current = (.disabled, at, false)
                disabledAt = at
                status = "disabled"
            case .deleted, .stray:
                close(at)
                deletedAt = at
                status = "deleted"
            default: break
            }
        }
        guard let (kind, from, isOpen) = current else { return }
        bars.append(
            .init(
                kind: kind, from: from, until: max(from, report.horizon), isOpenBefore: isOpen, isOpenAfter: true))
    }

    var tone: Document.Tone {
        switch status {
        case "live": .good
        case "disabled": .waiting
        default: .plain
        }
    }

    var lane: Timeline.Lane {
        let marks = deletedAt.map { [Timeline.Mark(word: "deleted", at: $0, tone: .plain)] } ?? []
        return Timeline.Lane(role: role, name: name, bars: bars, marks: marks)
    }
}

import JSON
import PublisherHosting
package import Secrets
import Sodium

/// A change to the targets of a rotation that has begun: added, changed or dropped by whoever may create.
///
/// Each change names what it takes the place of, so that two amendments that were made side by side either agree, whatever
/// their order, or contradict each other.
package struct Amendment: Hashable, Sendable {
    package struct Change: Hashable, Sendable {
        package let name: PlanName
        /// The digest of the target's definition before; `nil` if there was none of this name.
        let before: Digest?
        /// The definition from now on; `nil` if the target is dropped.
        package let after: Plan.Target?
        /// What that changes, for people: the definition, or the settings that differ.
        package let difference: String

        /// `adding web`
        package var doing: String { "\(words.doing) \(name)" }
        /// `would add web`
        package var foreseen: String { "would \(words.verb) \(name)" }
        /// `added web`
        var done: String { "\(words.done) \(name)" }

        private var words: (verb: String, doing: String, done: String) {
            switch (before, after) {
            case (nil, _): ("add", "adding", "added")
            case (_, nil): ("drop", "dropping", "dropped")
            default: ("change", "changing", "changed")
            }
        }
    }

    /// In the order of their names.
    package let changes: [Change]

    /// What makes the wanted targets of those that there are.
    package init(of targets: [Plan.Target], to wanted: [Plan.Target]) {
        let names = Set((targets + wanted).map(\.name)).sorted()
        changes = names.compactMap { name in
            let before = targets.first { $0.name == name }
            let after = wanted.first { $0.name == name }
            guard before != after else { return nil }
            let difference =
                after.map { after in
                    before.map { Self.difference($0.json, after.json, []) } ?? after.json.text(.compact)
                } ?? ""
            return Change(name: name, before: before?.digest, after: after, difference: difference)
        }
    }

    private static func difference(_ before: JSONValue?, _ after: JSONValue?, _ path: [String]) -> String {
        if let before = before?.object, let after = after?.object {
            let keys = before.keys + after.keys.filter { before[$0] == nil }
            return keys.filter { before[$0] != after[$0] }.map { difference(before[$0], after[$0], path + [$0]) }
                .joined(separator: ", ")
        }
        let texts = [before, after].map { $0.map { $0.text(.compact) } ?? "nothing" }
        return "\(path.joined(separator: ".")) from \(texts[0]) to \(texts[1])"
    }
}

extension Amendment {
    /// The amendment as it stands in an `accepted` record of `ork-create`; `nil` for a record that is none.
    init?(_ record: Record) throws(HandoffError) {
        guard record.step == .create, let amends = record.detail["amends"] else { return nil }
        guard let members = amends.object?.members else { throw .malformed("an amendment") }
        var changes: [Change] = []
        for (key, value) in members {
            guard let name = PlanName(key), let was = value["was"], let now = value["now"] else {
                throw .malformed("an amendment")
            }
            let before = was.string.flatMap { Digest($0) }
            guard before != nil || was == .null else { throw .malformed("an amendment") }
            var after: Plan.Target?
            if now != .null {
                do { after = try Plan.Target(name: name, now, ["targets", key], .ignored) } catch {
                    throw HandoffError(.malformed, "an amendment is not acceptable: \(error)")
                }
            }
            changes.append(Change(name: name, before: before, after: after, difference: ""))
        }
        self.changes = changes.sorted { $0.name < $1.name }
    }

    /// What is recorded.
    package var entry: Entry {
        var amends = JSONObject()
        var difference: [JSONValue] = []
        for change in changes {
            amends[change.name.description] = [
                "was": change.before.map { .string($0.description) } ?? .null, "now": change.after?.json ?? .null,
            ]
            let detail = change.difference.isEmpty ? "" : ": \(change.difference)"
            difference.append(.string(change.done + detail))
        }
        return Entry(
            .create, .accepted, message: "amended the plan: \(changes.map(\.done).joined(separator: ", "))",
            // To a version that knows no amendments these are rules that it cannot take over: it refuses, and does not
            // go on without them.
            detail: ["amends": .object(amends), "difference": .array(difference), "rules": .null])
    }
}

extension Plan.Target {
    /// The digest of the definition.
    var digest: Digest { Digest(of: json.bytes(.canonical)) }

    /// The digest of the place that it is: its publisher and its settings.
    package var place: Digest {
        let place: JSONValue = ["publisher": .string(publisher.description), "with": .object(with)]
        return Digest(of: place.bytes(.canonical))
    }
}

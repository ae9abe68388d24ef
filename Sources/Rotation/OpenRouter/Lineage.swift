package import FoundationEssentials
package import Secrets
import Timestamps

/// All keys of one base name, the oldest first; of two made at the same moment the one with the lower hash.
package struct Lineage: Sendable, Hashable {
    package let base: String
    package let keys: [Key]

    /// Takes those of `keys` whose names have this base, whatever marks they bear.
    package init(base: String, among keys: [Key]) {
        self.base = base
        self.keys = keys.filter { $0.keyName.base == base }
            .sorted { ($0.createdAt, $0.hash.description) < ($1.createdAt, $1.hash.description) }
    }

    /// The keys that applications may hold and use: handed out, enabled, not expired.
    package func live(at date: Date) -> [Key] {
        keys.filter { !$0.disabled && !$0.isExpired(at: date) && !$0.isUnactivated }
    }

    /// The live keys that a rotation had disabled, and that were enabled again since.
    package func restored(at date: Date) -> [Key] { live(at: date).filter { $0.keyName.disabledAt != nil } }

    /// The live keys besides `chosen` that no rotation has made or disabled: other applications' keys of the same name,
    /// where somebody has said by its hash which key counts.
    package func bystanders(of chosen: Key, at date: Date) -> [Key] {
        live(at: date).filter { $0.hash != chosen.hash && !$0.isOfARotation }
    }

    /// The same without these keys.
    package func without(_ others: [Key]) -> Lineage {
        let hashes = Set(others.map(\.hash))
        return Lineage(base: base, among: keys.filter { !hashes.contains($0.hash) })
    }

    /// The first live key that is none of these: it belongs to another rotation.
    package func unknownKey(besides known: Set<KeyHash>, at date: Date) -> Key? {
        live(at: date).first { !known.contains($0.hash) }
    }

    /// The keys that were handed out, are disabled and not expired: they could be enabled again.
    package func disabled(at date: Date) -> [Key] {
        keys.filter { $0.disabled && !$0.isExpired(at: date) && !$0.isUnactivated }
    }

    /// Those of them that a rotation disabled. A key without that mark was disabled by hand, and is left to whoever
    /// did it.
    package func soaking(at date: Date) -> [Key] { disabled(at: date).filter { $0.keyName.disabledAt != nil } }

    /// The keys of rotations that were handed out and do not work: expired, or disabled by whomever.
    package func dead(at date: Date) -> [Key] {
        keys.filter { $0.isOfARotation && !$0.isUnactivated && ($0.disabled || $0.isExpired(at: date)) }
    }

    /// The keys that were never handed out.
    package var minting: [Key] { keys.filter(\.isUnactivated) }

    /// How long, in seconds, a run of `ork-create` may be at work. A key that bears the mark `minting` for longer was
    /// left behind.
    package static let mintingLimit: TimeInterval = 3600

    /// The minting keys whose `ork-create` may still be at work.
    package func beingMinted(at date: Date) -> [Key] { minting.filter { !$0.isAbandoned(at: date) } }
}

extension Key {
    /// Whether it was minted and never handed out: it bears the mark, may spend nothing, and was never used. A name is
    /// anybody's to choose, so the mark alone says nothing.
    package var isUnactivated: Bool {
        guard keyName.isMinting, let limit, limit.decimal == 0 else { return false }
        if case .at = lastUsedAt { return false }
        return usage.decimal == 0 && byokUsage.decimal == 0
    }

    /// Whether its name bears a mark of a rotation that made it or that disabled it.
    package var isOfARotation: Bool { keyName.rotation != nil || keyName.disabledAt != nil }

    /// Whether it was never handed out and nobody is at work with it any more.
    package func isAbandoned(at date: Date) -> Bool {
        isUnactivated && date.timeIntervalSince(createdAt) >= Lineage.mintingLimit
    }
}

/// A key's name by ork's way of naming: `BASE`, then ` DATE ork:ID` for keys that a rotation made, ` minting` while
/// such a key has not been handed out, and ` disabled:MOMENT` for keys that a rotation disabled.
///
/// Any string is a name: what does not fit is part of the base.
package struct KeyName: Hashable, Sendable, CustomStringConvertible {
    /// The name that all keys of a lineage share.
    package let base: String
    /// `nil` for keys that ork did not make.
    package let rotation: Rotation?
    /// Whether the key was never handed out; only keys that ork made can be.
    package let isMinting: Bool
    /// When ork disabled it, to the second.
    package let disabledAt: Date?

    /// The rotation that made a key.
    package struct Rotation: Hashable, Sendable {
        /// The day in UTC, as `2026-11-23`.
        package let date: String
        /// A ULID.
        package let id: String

        /// `nil` if either is not of its form.
        package init?(date: String, id: String) {
            guard KeyName.moment(date + "T00:00:00Z") != nil, ULID(id) != nil else { return nil }
            self.date = date
            self.id = id
        }
    }

    /// `base` shall be the base of a parsed name: one that looks like a whole name is read back as that.
    package init(base: String, rotation: Rotation? = nil, isMinting: Bool = false, disabledAt: Date? = nil) {
        self.base = base
        self.rotation = rotation
        self.isMinting = isMinting && rotation != nil
        self.disabledAt = disabledAt.map { Date(timeIntervalSince1970: $0.timeIntervalSince1970.rounded(.down)) }
    }

    /// Reads any string; `description` gives the same one back.
    package init(parsing text: String) {
        // Bytes, because Swift's strings hold canonically equal characters for the same, such as the Kelvin sign and K.
        var rest = Array(text.utf8)[...]
        var disabledAt: Date?
        if let (before, moment) = Self.split(rest, " disabled:", 20), let date = Self.moment(moment) {
            (rest, disabledAt) = (before, date)
        }
        let unmarked = Self.split(rest, " minting", 0)?.before
        if let rotation = Self.rotation(unmarked ?? rest) {
            self.init(
                base: rotation.base, rotation: rotation.rotation, isMinting: unmarked != nil, disabledAt: disabledAt)
        } else {
            self.init(base: String(decoding: rest, as: UTF8.self), disabledAt: disabledAt)
        }
    }

    package var description: String {
        var text = base
        if let rotation { text += " \(rotation.date) ork:\(rotation.id)" }
        if isMinting { text += " minting" }
        if let disabledAt { text += " disabled:\(disabledAt.rfc3339)" }
        return text
    }

    /// The name of the same key when it has been disabled; `nil` takes the mark away.
    package func with(disabledAt: Date?) -> KeyName {
        KeyName(base: base, rotation: rotation, isMinting: isMinting, disabledAt: disabledAt)
    }

    /// The name of the same key when it may be handed out.
    package func activated() -> KeyName {
        KeyName(base: base, rotation: rotation, isMinting: false, disabledAt: disabledAt)
    }

    private static func rotation(_ text: ArraySlice<UInt8>) -> (base: String, rotation: Rotation)? {
        guard let (dated, id) = split(text, " ork:", 26), let (base, date) = split(dated, " ", 10), !base.isEmpty,
            let rotation = Rotation(date: date, id: id)
        else { return nil }
        return (String(decoding: base, as: UTF8.self), rotation)
    }

    /// What stands before `mark`, and the `count` bytes behind it, which end the text.
    private static func split(
        _ text: ArraySlice<UInt8>, _ mark: String, _ count: Int
    ) -> (before: ArraySlice<UInt8>, behind: String)? {
        let marked = text.dropLast(count)
        guard text.count >= mark.utf8.count + count, marked.suffix(mark.utf8.count).elementsEqual(mark.utf8) else {
            return nil
        }
        return (marked.dropLast(mark.utf8.count), String(decoding: text.suffix(count), as: UTF8.self))
    }

    /// A moment in the one form in which ork writes it.
    private static func moment(_ text: String) -> Date? {
        guard let date = Date(rfc3339: text), date.rfc3339.utf8.elementsEqual(text.utf8) else { return nil }
        return date
    }
}

extension Key {
    /// The name without the mark of a disabled key: for people.
    package var plainName: String { keyName.with(disabledAt: nil).description }
}

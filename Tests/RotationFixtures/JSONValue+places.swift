package import JSON

extension JSONValue {
    /// A step down into a value.
    package enum Turn: Hashable, Sendable {
        case member(String)
        case element(Int)
    }

    /// The ways to all values in this one, itself left out, each before those inside it.
    package var places: [[Turn]] {
        let children: [(Turn, JSONValue)] =
            switch self {
            case .object(let object): object.members.map { (.member($0.key), $0.value) }
            case .array(let elements): elements.enumerated().map { (.element($0.offset), $0.element) }
            default: []
            }
        return children.flatMap { turn, child in [[turn]] + child.places.map { [turn] + $0 } }
    }

    /// The value at a place; `nil` where there is none.
    package func value(at place: some Collection<Turn>) -> JSONValue? {
        guard let turn = place.first else { return self }
        let child: JSONValue? =
            switch turn {
            case .member(let key): self[key]
            case .element(let index): array.flatMap { $0.indices.contains(index) ? $0[index] : nil }
            }
        return child?.value(at: place.dropFirst())
    }

    /// The same with another value at a place; `nil` takes it out.
    package func replacing(_ place: some Collection<Turn>, with value: JSONValue?) -> JSONValue? {
        guard let turn = place.first else { return value }
        let rest = place.dropFirst()
        switch (turn, self) {
        case (.member(let key), .object(var object)):
            object[key] = (object[key] ?? .null).replacing(rest, with: value)
            return .object(object)
        case (.element(let index), .array(var elements)) where elements.indices.contains(index):
            if let new = elements[index].replacing(rest, with: value) {
                elements[index] = new
            } else {
                elements.remove(at: index)
            }
            return .array(elements)
        default: return self
        }
    }
}

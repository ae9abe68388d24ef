import JSON

extension Plan {
    /// What becomes of the lists at OpenRouter that name the predecessor by its hash.
    package struct References: PlanSection {
        package var guardrail = Reference.carry
        package var byok = Reference.carry
        package var observability = Reference.carry

        package init() {}

        package static let key = "references"

        package static let fields: [PlanField<Self>] = [
            PlanField(
                "guardrail", \.guardrail, .reference, flags: [.option("way", name: "guardrail-references")],
                help: "Whether the new key gets the guardrail of the one that it replaces: carry, ignore or refuse"),
            PlanField(
                "byok", \.byok, .reference, flags: [.option("way", name: "byok-references")],
                help: "Whether it may use the provider keys (BYOK) that the replaced one may: carry, ignore or refuse"),
            PlanField(
                "observability", \.observability, .reference,
                flags: [.option("way", name: "observability-references")],
                help:
                    "Whether it is observed by the destinations that observe the replaced one: carry, ignore or refuse"
            ),
        ]
    }

    /// What becomes of a list that names the predecessor.
    package enum Reference: String, Hashable, Sendable, CaseIterable {
        /// The successor is named there, too, before it may spend; the predecessor no more once it is deleted.
        case carry
        /// It is left to people.
        case ignore
        /// No successor is made.
        case refuse
    }

    /// What retirement does about settings that OpenRouter has no API for.
    package enum Checklist: String, Hashable, Sendable, CaseIterable {
        /// They are named when the successor is made.
        case show = "print"
        /// Nothing is disabled before somebody has said that they are looked after.
        case confirm
    }
}

extension PlanCodec where Value == Plan.Reference {
    fileprivate static var reference: Self {
        Self(
            "carry", "ignore", "refuse",
            schema: { _ in ["enum": .array(Value.allCases.map { .string($0.rawValue) })] },
            read: { value throws(PlanError) in value.json.string.flatMap(Value.init) },
            write: { .string($0.rawValue) })
    }
}

extension PlanCodec where Value == Plan.Checklist {
    static var checklist: Self {
        Self(
            "print", "confirm", schema: { _ in ["enum": .array(Value.allCases.map { .string($0.rawValue) })] },
            read: { value throws(PlanError) in value.json.string.flatMap(Value.init) },
            write: { .string($0.rawValue) })
    }
}

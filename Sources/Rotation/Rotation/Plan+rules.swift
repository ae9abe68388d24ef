package import JSON

extension Plan {
    /// Takes over the rules that a later step's `ork.yaml` or flags have changed: `{"retire": {…}, …}`.
    ///
    /// A step has a say in its own rules only, so that the stage that may publish cannot loosen those of retirement;
    /// `ork-retire` also says how old a verification it accepts.
    package mutating func adopt(rules: JSONValue, by step: StepName) throws(PlanError) {
        guard var changed = json.object, let rules = rules.object else { throw PlanError([], "must be a mapping") }
        for key in Self.sections(of: step) { changed[key] = rules[key] ?? changed[key] }
        self = try Plan(.object(changed), unknownKeys: .ignored)
    }
}

extension Plan {
    /// The rules that a step may change.
    package static func sections(of step: StepName) -> [String] {
        switch step {
        case .create: ["publish", "verify", "retire"]
        case .publish: ["publish"]
        case .verify: ["verify"]
        case .retire: ["verify", "retire"]
        case .approve: []
        }
    }
}

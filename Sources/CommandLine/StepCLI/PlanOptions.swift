package import ArgumentParser
package import Configuration
package import Rotation

/// Where the key is published.
package struct TargetOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A target: [NAME=]PUBLISHER[@WAVE]:KEY=VALUE,… such as file:path=.env,name=OPENROUTER_API_KEY (repeatable).",
            valueName: "target"))
    package var to: [String] = []

    @Option(
        help: ArgumentHelp(
            "A variable for a target's publisher: TARGET:NAME or TARGET:CHILD=OURS (repeatable).", valueName: "name"))
    package var targetEnv: [String] = []

    package init() {}

    /// Adds what was said to `flags`.
    package func add(to flags: inout PlanFlags) {
        flags.targets = to
        flags.targetEnvironment = targetEnv
    }
}

/// How the successor is made.
package struct SuccessorOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The key to replace: name=NAME, hash=HASH, env=VARIABLE that holds it, or none.", valueName: "key"))
    package var predecessor: String?

    @Option(help: "The base name of the new key (default: the predecessor's).")
    package var name: String?

    @Option(help: ArgumentHelp("The workspace, if not the default one.", valueName: "uuid"))
    package var workspace: String?

    @Option(help: ArgumentHelp("Its limit in US dollars, or null (default: inherit).", valueName: "amount"))
    package var limit: String?

    @Option(
        help: ArgumentHelp("daily, weekly, monthly or null (default: inherit).", valueName: "period"))
    package var limitReset: String?

    @Option(
        help: ArgumentHelp("Its lifetime, such as 90d, or null (default: inherit).", valueName: "duration"))
    package var expiresIn: String?

    package init() {}

    /// Adds what was said to `flags`.
    package func add(to flags: inout PlanFlags) {
        flags.predecessor = predecessor
        flags.name = name
        flags.workspace = workspace
        flags.limit = limit
        flags.limitReset = limitReset
        flags.expiresIn = expiresIn
    }
}

/// How long the new key is left alone before it is handed out.
package struct PublishOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Leave a new key alone for this long before it is used (default: 30s).", valueName: "duration"))
    package var settle: String?

    @Option(
        help: ArgumentHelp("Ask this model one short question with the new key before publishing.", valueName: "model"))
    package var inference: String?

    package init() {}

    /// Adds what was said to `flags`.
    package func add(to flags: inout PlanFlags) { flags.settle = settle }

    /// Adds what flags cannot say elsewhere.
    package func add(to plan: inout Plan) { plan.publish.inference = inference ?? plan.publish.inference }
}

/// What counts as evidence.
package struct VerifyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Ask the application: an address that must answer 200, or exec:PROGRAM that must exit 0 (repeatable).",
            valueName: "probe"))
    package var probe: [String] = []

    @Option(help: ArgumentHelp("How long a verification permits retirement (default: 24h).", valueName: "duration"))
    package var validFor: String?

    @Flag(help: "The successor must have been seen in use.")
    package var requireAdoption = false

    package init() {}

    /// Adds what was said to `flags`.
    package func add(to flags: inout PlanFlags) {
        flags.probes = probe
        flags.validFor = validFor
    }

    /// Adds what flags cannot say elsewhere.
    package func add(to plan: inout Plan) {
        if requireAdoption { plan.verify.requiresAdoption = true }
    }
}

/// When the predecessor may go.
package struct RetireOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How long both keys live after the last write (default: 24h).", valueName: "duration"))
    package var overlap: String?

    @Option(
        help: ArgumentHelp("How long the predecessor must not have been used (default: 24h).", valueName: "duration"))
    package var quietFor: String?

    @Option(
        help: ArgumentHelp("How long it stays disabled before it is deleted (default: 24h).", valueName: "duration"))
    package var soak: String?

    @Flag(help: "Retire although only cost figures exist, which do not show the use of :free models.")
    package var acceptCostOnly = false

    @Flag(help: "Retire although the successor has not been used either.")
    package var acceptIdle = false

    package init() {}

    /// Adds what was said to `flags`.
    package func add(to flags: inout PlanFlags) {
        flags.overlap = overlap
        flags.quietFor = quietFor
        flags.soak = soak
    }

    /// Adds what flags cannot say elsewhere.
    package func add(to plan: inout Plan) {
        if acceptCostOnly { plan.retire.acceptsCostOnly = true }
        if acceptIdle { plan.retire.acceptsIdle = true }
    }
}

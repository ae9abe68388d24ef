package import JSON
package import PublisherKit
import Wording

/// Where a request goes: the publisher, the program that may stand behind the name, and its environment.
package struct PublisherAddress: Hashable, Sendable {
    package var publisher: PublisherName
    /// The SHA-256 that the program's file must have, 64 hexadecimal digits, if the target pins it.
    package var pin: String?
    /// Names in the child's environment, and the names of our own variables that they take their values from.
    package var environment: [EnvironmentName: EnvironmentName]
    /// The folder that it works in; `nil` for our own.
    package var folder: String?

    package init(
        publisher: PublisherName, pin: String? = nil, environment: [EnvironmentName: EnvironmentName] = [:],
        folder: String? = nil
    ) {
        self.publisher = publisher
        self.pin = pin
        self.environment = environment
        self.folder = folder
    }
}

/// What runs publishers for a step. All calls but `prepare` return when the work is done; `each` runs on the caller's thread.
package protocol PublisherHost {
    /// Begins to ask these publishers, all at once, what they say of themselves, and does not wait.
    func prepare(_ addresses: [PublisherAddress])

    /// What the publisher says of itself.
    ///
    /// Throws if there is no such program, if its answer breaks the contract, and if it would lack a variable.
    func information(_ address: PublisherAddress) throws(PublisherError) -> PublisherInformation

    /// What the publisher says of itself, whatever variables a target needs; `nil` if there is no such program here.
    ///
    /// Throws if its answer breaks the contract, and, with the field `sha256`, if the program is not the pinned one.
    func description(of publisher: PublisherName, pin: String?) throws(PublisherError) -> PublisherInformation?

    /// Whether this stage has a variable that it could hand on.
    func hasVariable(_ name: EnvironmentName) -> Bool

    /// Sends all requests at once, within bounds of the host's own, and hands over each answer as it comes.
    /// Every request gets one answer; where the program gave none that counts, it is `unknown`.
    func send(
        _ verb: Verb, _ requests: [(address: PublisherAddress, request: PublisherRequest)],
        each: (Int, PublisherAnswer) -> Void)
}

extension PublisherHost {
    /// Nothing, where it takes no time to ask.
    package func prepare(_ addresses: [PublisherAddress]) {}

    /// Sends all requests and hands over exactly one answer for each, also where the host gave none.
    package func deliver(
        _ verb: Verb, _ requests: [(address: PublisherAddress, request: PublisherRequest)],
        each: (Int, PublisherAnswer) -> Void
    ) {
        var open = Set(requests.indices)
        send(verb, requests) { index, answer in
            if open.remove(index) != nil { each(index, answer) }
        }
        for index in open.sorted() {
            each(index, PublisherAnswer(.unknown(PublisherError(.internal, "the publisher gave no answer"))))
        }
    }
}

extension PublisherError {
    /// There is no publisher of this name; `known` are those that somebody may have meant.
    package init(noPublisher name: PublisherName, among known: [String], _ more: String = "") {
        self.init(
            .configuration, UnknownName(name.description, of: "publisher", among: known).message,
            hint:
                "a publisher of your own, ork-publisher-NAME, goes beside the steps, or into a folder of ORK_PLUGIN_PATH "
                + "or PATH\(more)", field: "publisher")
    }
}

extension PublisherInformation {
    /// Refuses settings that the publisher does not know, and a target that lacks what it needs.
    package func validate(with settings: JSONObject) throws(PublisherError) {
        if let problem = problems(in: settings).first { throw problem }
    }

    /// The settings that the publisher does not know, and those that it needs and that are missing.
    ///
    /// The errors are of code `configuration`; their `field` is `with.KEY`.
    package func problems(in settings: JSONObject) -> [PublisherError] {
        let known = with.required + with.optional
        let unknown = settings.keys.filter { !known.contains($0) }.map { key in
            let question = NearNames(to: key, among: known).question.map { "; \($0)" } ?? ""
            return PublisherError(
                .configuration, "the publisher does not know the setting \(key)\(question)",
                hint: known.isEmpty ? "it takes no settings" : "it takes \(known.joined(separator: ", "))",
                field: "with.\(key)")
        }
        let missing = with.required.filter { settings[$0] == nil }.map { key in
            PublisherError(
                .configuration, "the publisher needs the setting \(key)", hint: "add it to the target's with",
                field: "with.\(key)")
        }
        return unknown + missing
    }

    /// Whether a setting that holds paths has a relative one, so that it matters in which folder the publisher works.
    package func hasRelativePath(in settings: JSONObject) -> Bool {
        paths.contains { key in
            let texts = settings[key]?.strings ?? settings[key]?.string.map { [$0] } ?? []
            return texts.contains { !$0.hasPrefix("/") }
        }
    }
}

/// The name of a publisher, the NAME of `ork-publisher-NAME`: lowercase letters, digits and hyphens.
package struct PublisherName: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// `nil` for anything that could name a path or an option.
    package init?(_ text: String) {
        let allowed = text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
        guard allowed, !text.isEmpty, text.utf8.count <= 64, !text.hasPrefix("-") else { return nil }
        description = text
    }
}

/// Where a request goes: the publisher, the program that may stand behind the name, and its environment.
package struct PublisherAddress: Hashable, Sendable {
    package var publisher: PublisherName
    /// The SHA-256 that the program's file must have, 64 hexadecimal digits, if the target pins it.
    package var pin: String?
    /// Names in the child's environment, and the names of our own variables that they take their values from.
    package var environment: [String: String]

    package init(publisher: PublisherName, pin: String? = nil, environment: [String: String] = [:]) {
        self.publisher = publisher
        self.pin = pin
        self.environment = environment
    }
}

extension PublisherHost {
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

/// What runs publishers for a step. Both calls return when the work is done; `each` runs on the caller's thread.
package protocol PublisherHost {
    /// What the publisher says of itself; an error if there is no such program or its answer breaks the contract.
    func information(_ address: PublisherAddress) throws(PublisherError) -> PublisherInformation

    /// Sends all requests at once, within bounds of the host's own, and hands over each answer as it comes.
    /// Every request gets one answer; where the program gave none that counts, it is `unknown`.
    func send(
        _ verb: Verb, _ requests: [(address: PublisherAddress, request: PublisherRequest)],
        each: (Int, PublisherAnswer) -> Void)
}

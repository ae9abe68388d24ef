import JSON

/// The members of one object of the contract.
typealias WireFields = JSONFields<PublisherError>

extension JSONFields<PublisherError> {
    /// Reads a line of the contract, which is called `name` in messages.
    init(parsing line: some Collection<UInt8>, _ name: String) throws(PublisherError) {
        let value: JSONValue
        // As strict as the handoff, which keeps the receipt.
        do { value = try JSONValue(parsing: line, numbers: .integers, depth: 32) } catch {
            throw PublisherError(.internal, "\(name) cannot be read: \(error.code.rawValue)")
        }
        guard let object = value.object else { throw PublisherError(.internal, "\(name) is not an object") }
        self.init(object, name: name) { PublisherError(.internal, $0.message) }
    }

    /// Refuses another version of the contract.
    func checkProtocol() throws(PublisherError) {
        let version = try integer("protocol")
        guard version == PublisherInformation.protocolVersion else {
            throw PublisherError(
                .configuration,
                "\(name) speaks protocol \(version), but only protocol \(PublisherInformation.protocolVersion) is spoken here",
                hint: "take the publisher and the steps from one release")
        }
    }
}

import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Sodium

/// One described target, and the time that there is for it.
struct HTTPTarget: ServiceTarget {
    let description: ServiceDescription
    let client: ServiceClient
    /// The process's own, for a deploy hook.
    let environment: [String: String]
    let deadline: Date
    /// What no message may repeat.
    let secret: Secret?

    /// Everything that the write says besides the key: two requests to one address may be about two places.
    var place: String { "\(client.address) \(description.identity)" }

    var claims: [(field: String, thing: String)] { [(description.field, place)] }

    /// What the target was seen to hold.
    struct Reading {
        enum Content {
            case nothing
            case value(Secret)
            case digest(ShownDigest, isSHA256: Bool)
            /// Something that the service does not show.
            case unseen
        }

        let content: Content
        /// When it was written, in the service's own words.
        let changed: String?
        /// The service's clock.
        let date: Date?
    }

    /// Reads the target; `nil` where the description has no way to.
    func read() throws(ServiceError) -> Reading? {
        guard let read = description.read else { return nil }
        let (answer, document) = try send(
            read.request, to: "read \(description.place)", absent: read.absent)
        guard !read.absent.contains(answer.status), let document,
            let entry = try stated({ () throws(PublisherError) in try read.entry(in: document, description.values) })
        else { return Reading(content: .nothing, changed: nil, date: answer.response.date) }
        let changed = try read.changed.flatMap { pointer throws(ServiceError) in try text(at: pointer, in: entry) }
        let isHidden = try read.hidden.map { pointer throws(ServiceError) in try found(pointer, in: document) == true }
        let content = isHidden == true ? .unseen : try content(read.content, entry, answer)
        if case .nothing = content { try refuseWithheld(read, document) }
        return Reading(content: content, changed: changed, date: answer.response.date)
    }

    /// What this credential may not see is not nothing.
    private func refuseWithheld(_ read: ReadDescription, _ document: JSONValue) throws(ServiceError) {
        guard let (pointer, word) = read.withheld, try found(pointer, in: document)?.string == word else { return }
        let variable = description.credential.variable
        throw ServiceError(
            PublisherError(
                .denied,
                "\(description.title) does not show what \(description.place) holds to the token in \(variable)",
                hint: "give the token in \(variable) \(description.permission ?? "the right to read it")",
                field: description.field))
    }

    private func content(
        _ content: ReadDescription.Content, _ entry: JSONValue, _ answer: ServiceAnswer
    ) throws(ServiceError) -> Reading.Content {
        switch content {
        case .presence(let pointer): return try found(pointer, in: entry) == nil ? .nothing : .unseen
        case .value(let pointer, let isBase64):
            guard let value = try found(pointer, in: entry) else { return .nothing }
            guard let text = value.string else { throw answer.surprise("without a text at the value's place") }
            guard isBase64 else { return text.isEmpty ? .nothing : .value(Secret(text)) }
            guard let bytes = Data(base64Encoded: text) else {
                throw answer.surprise("without base64 at the value's place")
            }
            return bytes.isEmpty ? .nothing : .value(Secret([UInt8](bytes)))
        case .digest(let pointer, let isSHA256):
            guard let value = try found(pointer, in: entry) else { return .nothing }
            guard let digest = value.string.flatMap({ ShownDigest($0) }) else {
                throw answer.surprise("without a digest at its place")
            }
            return .digest(digest, isSHA256: isSHA256)
        }
    }

    /// Writes the key.
    func write(_ secret: Secret) throws(ServiceError) -> ServiceAnswer {
        let values = description.values.holding(secret.revealed() ?? "")
        return try send(description.write, to: "write \(description.place)", values, isWrite: true).answer
    }

    /// Sends a request, and refuses an answer that says that it came to nothing, whatever its status. The document is `nil`
    /// for an answer without JSON, which is one of those in `absent`, or one to a write.
    func send(
        _ request: RequestDescription, to purpose: String, _ values: Values? = nil, isWrite: Bool = false,
        absent: Set<Int> = []
    ) throws(ServiceError) -> (answer: ServiceAnswer, document: JSONValue?) {
        let values = values ?? description.values
        var call = try stated { () throws(PublisherError) in
            try request.call(
                values, extra: absent, to: purpose, field: description.field, permission: description.permission)
        }
        call.secret = secret
        // GraphQL has one method for reading and writing.
        call.isWrite = isWrite
        call.isIdempotent = request.method != .post || !isWrite
        do throws(ServiceError) {
            let answer = try client.send(call, until: deadline)
            let document = try? answer.value()
            if absent.contains(answer.status) { return (answer, document) }
            if !isWrite || request.isGraphQL || request.success != nil { _ = try answer.value() }
            if let document, try isRefusal(document, request) { throw refusal(answer, purpose) }
            return (answer, document)
        } catch {
            throw meant(error)
        }
    }

    private func isRefusal(_ document: JSONValue, _ request: RequestDescription) throws(ServiceError) -> Bool {
        if request.isGraphQL, document["errors"]?.array?.isEmpty == false { return true }
        guard let success = request.success else { return false }
        return try found(success, in: document) != true
    }

    /// A service that says itself that it did nothing is believed, as it is with a status.
    private func refusal(_ answer: ServiceAnswer, _ purpose: String) -> ServiceError {
        let words = answer.words.map { ": \($0)" } ?? ""
        return ServiceError(
            PublisherError(
                .configuration, "\(description.title) refuses to \(purpose)\(words)",
                hint: "look at the target's settings", field: description.field), status: answer.status)
    }

    /// An error with what its status or its words mean at this service.
    private func meant(_ error: ServiceError) -> ServiceError {
        guard let status = error.status else { return error }
        let meaning = description.meanings.first { meaning in
            Int(meaning.sign).map { $0 == status } == true || error.error.message.contains(meaning.sign)
        }
        guard let meaning else { return error }
        var meant = error
        meant.error.code = meaning.code
        let granting = description.permission.map { "give the token in \(description.credential.variable) \($0)" }
        let hint = meaning.code == .denied ? granting : nil
        meant.error.hint = meaning.hint ?? hint ?? (meaning.code == error.error.code ? error.error.hint : nil)
        return meant
    }

    func found(_ pointer: Pointer, in document: JSONValue) throws(ServiceError) -> JSONValue? {
        try stated { () throws(PublisherError) in try pointer.value(in: document, description.values) }
    }

    /// A short text or number in an answer: an id, a state, a time. What an answer says may be anything.
    func text(at pointer: Pointer, in document: JSONValue) throws(ServiceError) -> String? {
        guard let value = try found(pointer, in: document), let text = value.string ?? value.integer.map(String.init),
            (1...200).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            !Redactor([secret].compactMap(\.self)).contains(text.utf8)
        else { return nil }
        return text
    }

    /// A mistake in the description is one before anything is sent.
    func stated<Value>(_ body: () throws(PublisherError) -> Value) throws(ServiceError) -> Value {
        do throws(PublisherError) { return try body() } catch { throw ServiceError(error) }
    }
}

package import PublisherPlugin
package import Secrets
package import ServiceClient

extension KeyText {
    /// What a target's text is to a rotation.
    package enum Judgement: Sendable {
        /// It holds the successor.
        case successor
        /// It holds nothing, or a key whose place the successor may take.
        case replaceable
    }

    /// Judges `text`, and refuses a value that the rotation does not know. `setting` names the thing.
    package func judge(
        _ text: Secret, _ request: PublisherRequest, of thing: String, setting: String
    ) throws(ServiceError) -> Judgement {
        let digest = try found(in: text, of: thing)
        guard let digest else { return .replaceable }
        if digest == request.digest { return .successor }
        guard request.expect?.contains(digest) ?? true else {
            let isDocument = field == nil && Self.isObject(text)
            throw ServiceError(
                PublisherError(
                    .conflict, "\(thing) holds a value that this rotation does not know",
                    hint: isDocument
                        ? "it is JSON: name the field that is the key in 'field'"
                        : "look whether the name is right and whether another rotation writes there",
                    field: "with.\(isDocument ? "field" : setting)"))
        }
        return .replaceable
    }

    /// What `verify` answers for a text.
    package func verdict(on text: Secret, _ request: PublisherRequest, of thing: String) throws(ServiceError)
        -> PublisherAnswer
    {
        guard let digest = try found(in: text, of: thing) else { return PublisherAnswer(.absent) }
        return PublisherAnswer(digest == request.digest ? .match : .mismatch)
    }

    private func found(in text: Secret, of thing: String) throws(ServiceError) -> Digest? {
        do throws(PublisherError) { return try digest(in: text, of: thing) } catch { throw ServiceError(error) }
    }

    /// The text to write.
    package func written(in text: Secret?, with key: Secret, of thing: String) throws(ServiceError) -> Secret {
        do throws(PublisherError) {
            let whole = try replacing(in: text, with: key, of: thing)
            guard whole.revealed() != nil else {
                throw PublisherError(.configuration, "the key is not UTF-8, which \(thing) has to be")
            }
            return whole
        } catch {
            throw ServiceError(error)
        }
    }
}

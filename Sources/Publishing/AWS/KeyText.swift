import Documents
package import PublisherKit
package import Secrets
import Sodium
import TargetDocuments

/// A text that is the key, or has it in one field of JSON.
package struct KeyText: Sendable {
    /// The field's name, with dots between the keys; `nil` where the whole text is the key.
    package let field: String?
    private let place: Place?

    /// Reads the setting `field`.
    package init(_ settings: Settings) throws(PublisherError) {
        field = try settings.text("field")
        do {
            place = try field.map { field throws(DocumentError) in try Place(field, in: .json) }
        } catch {
            throw Settings.error("field", "'field': \(error.message)", hint: error.hint)
        }
    }

    /// The key in `text`; `nil` if the field is missing, or there is nothing.
    package func key(in text: Secret, of thing: String) throws(PublisherError) -> Secret? {
        guard let place else { return text.count == 0 ? nil : text }
        do throws(DocumentError) {
            let value = try document(text).value(at: place)
            return value?.count == 0 ? nil : value
        } catch {
            throw describe(error, thing)
        }
    }

    /// The text with another key, in which every other byte stays. Without a text it is a new one.
    package func replacing(in text: Secret?, with key: Secret, of thing: String) throws(PublisherError) -> Secret {
        guard let place else { return key }
        do throws(DocumentError) {
            return Secret(try document(text ?? Secret("{}")).replacing(place, with: key))
        } catch {
            throw describe(error, thing)
        }
    }

    /// Whether it is an object of JSON: then the key may be one of its fields.
    package static func isObject(_ text: Secret) -> Bool {
        text.copyBytes().first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "{")
            && (try? Document(text.copyBytes(), format: .json)) != nil
    }

    private func document(_ text: Secret) throws(DocumentError) -> Document {
        try Document(text.copyBytes(), format: .json)
    }

    private func describe(_ error: DocumentError, _ thing: String) -> PublisherError {
        let hint = error.code == .syntax ? "'field' is for texts that are JSON; look what it holds" : nil
        return PublisherError(error, in: thing, field: "with.field", hint: hint)
    }
}

extension KeyText {
    /// What a target's text is to a rotation.
    package enum Judgement: Sendable {
        /// It holds the successor.
        case successor
        /// It holds a key whose place the successor may take.
        case replaceable
        /// It holds nothing, and somebody has said that the key is to be made there.
        case made
    }

    /// Judges `text`, and refuses a value that the rotation does not know, and to make what nobody said was to be made.
    /// `setting` names the thing.
    package func judge(
        _ text: Secret, _ request: PublisherRequest, of thing: String, setting: String
    ) throws(ServiceError) -> Judgement {
        switch request.compare(held: try found(in: text, of: thing)) {
        case .same: return .successor
        case .expected: return .replaceable
        case .nothing:
            let refusal = request.refusalToMake(
                absence(of: thing), field: "with.\(field == nil ? setting : "field")")
            if let refusal { throw ServiceError(refusal) }
            return .made
        case .other:
            let isDocument = field == nil && Self.isObject(text)
            throw ServiceError(
                PublisherError(
                    .conflict, "\(thing) holds a value that this rotation does not know",
                    hint: isDocument
                        ? "it is JSON: name the field that is the key in 'field'"
                        : "check that the name is right",
                    field: "with.\(isDocument ? "field" : setting)"))
        }
    }

    /// What `verify` answers for a text.
    package func verdict(on text: Secret, _ request: PublisherRequest, of thing: String) throws(ServiceError)
        -> PublisherAnswer
    {
        switch request.compare(held: try found(in: text, of: thing)) {
        case .nothing: return PublisherAnswer(.absent)
        case .same: return PublisherAnswer(.match)
        case .expected, .other: return PublisherAnswer(.mismatch)
        }
    }

    /// What is missing where there is a text and no key in it.
    package func absence(of thing: String) -> String { "no value at \(thing)" }

    private func found(in text: Secret, of thing: String) throws(ServiceError) -> Secret? {
        do throws(PublisherError) { return try key(in: text, of: thing) } catch { throw ServiceError(error) }
    }

    /// The key in an earlier text, if it is the one of this digest.
    package func earlierKey(in text: Secret, _ digest: Digest, of thing: String) -> Secret? {
        // What has another form than the text of today does not hold it.
        (try? key(in: text, of: thing)).flatMap { digest.key(in: $0) }
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

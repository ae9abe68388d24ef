import HTTP
import JSON
import PublisherKit
import Secrets

extension KVTarget {
    /// What became of a write.
    enum Writing {
        /// `version` is the one that it made, 0 in KV version 1. `isWhole`: without the capability patch, by writing
        /// the whole map.
        case done(version: Int, isWhole: Bool)
        /// Somebody else has written meanwhile, or an earlier try: libcurl sends a request again by itself when a
        /// connection that was used before ends without an answer.
        case overtaken
    }

    /// Merge-patch (RFC 7396), by which Vault leaves the rest of a secret alone.
    static let mergePatch = [(name: "Content-Type", value: "application/merge-patch+json")]

    /// Writes the field over what was read.
    func write(_ secret: Secret, over held: KVSecret) throws(ServiceError) -> Writing {
        guard let text = secret.revealed() else {
            throw ServiceError(PublisherError(.configuration, "the key is not UTF-8, which a secret has to be"))
        }
        guard try version() == .two else { return try writeFirst(text, over: held) }
        if held.standing == .held, let writing = try patch(text, over: held) { return writing }
        return try replace(text, over: held)
    }

    /// Version 1 knows no condition. What another try would overwrite has to be read again, so this one is the only.
    private func writeFirst(_ text: String, over held: KVSecret) throws(ServiceError) -> Writing {
        let call = call(.post, firstPath, body: map(text, over: held), statuses: [200, 204, 404], to: "write")
        let answer = try client.send(call, until: deadline)
        guard answer.status != 404 else { throw refusal(answer, call).doubted(answer.isRepetition) }
        return .done(version: 0, isWhole: false)
    }

    /// Changes the field alone; `nil` if this token or this Vault cannot.
    private func patch(_ text: String, over held: KVSecret) throws(ServiceError) -> Writing? {
        var call = call(
            .patch, secondPath, body: body(JSONObject(dictionaryLiteral: (settings.field, .string(text))), over: held),
            statuses: [200, 400, 403, 404, 405, 415, 501], to: "write")
        call.headers = Self.mergePatch
        let answer = try client.send(call, until: deadline)
        switch answer.status {
        case 403 where Vault.isTokenUnknown(answer): throw client.refusal(answer, to: call).doubted(answer.isRepetition)
        case 403, 405, 415, 501: return nil
        // Deleted meanwhile.
        case 404: return .overtaken
        default: return try written(answer, call, isWhole: false)
        }
    }

    /// Writes the whole map: what was read, with the field in it.
    private func replace(_ text: String, over held: KVSecret) throws(ServiceError) -> Writing {
        var call = call(
            .post, secondPath, body: body(map(text, over: held), over: held), statuses: [200, 400], to: "write")
        // The condition lets only one of two tries through.
        call.isIdempotent = true
        return try written(try client.send(call, until: deadline), call, isWhole: held.standing == .held)
    }

    private func written(_ answer: ServiceAnswer, _ call: ServiceCall, isWhole: Bool) throws(ServiceError) -> Writing {
        if answer.status == 400 {
            guard answer.says("check-and-set parameter did not match") else {
                throw client.refusal(answer, to: call).doubted(answer.isRepetition)
            }
            return .overtaken
        }
        guard let version = try answer.object()["data"]?["version"]?.integer else {
            throw answer.surprise("without a version")
        }
        return .done(version: version, isWhole: isWhole)
    }

    private func map(_ text: String, over held: KVSecret) -> JSONObject {
        var fields = held.fields
        fields[settings.field] = .string(text)
        return fields
    }

    /// With the version that it is to follow (`cas`); 0 is for a secret that was never written.
    private func body(_ data: JSONObject, over held: KVSecret) -> JSONObject {
        ["options": ["cas": .number(JSONNumber(held.version))], "data": .object(data)]
    }

    /// Notes in `custom_metadata` whose the field is and leaves other keys alone; the answer says why it could not.
    /// The key is written all the same.
    func mark(_ request: PublisherRequest, over held: KVSecret) -> String? {
        let mark = Mark(rotation: request.rotation, operation: request.operation)
        guard Mark(of: settings.field, in: held) != mark else { return nil }
        var call = call(
            .patch, metadataPath,
            body: ["custom_metadata": [Mark.key(settings.field): .string(mark.text)]],
            statuses: [200, 204, 403, 404, 405, 415, 501], to: "mark")
        call.headers = Self.mergePatch
        do throws(ServiceError) {
            let answer = try client.send(call, until: deadline)
            switch answer.status {
            case 200, 204: return nil
            case 403:
                return "not marked with its rotation: that needs the capability patch on"
                    + " \(metadataPath.joined(separator: "/"))"
            default: return "not marked with its rotation: this Vault cannot (\(answer.status))"
            }
        } catch {
            return "not marked with its rotation: \(error.error.message)"
        }
    }
}

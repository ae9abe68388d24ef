import AWS
import JSON
import PublisherKit
import Secrets
import Sodium

extension SecretTarget {
    /// Makes the earlier version the current one again. Of a field, the earlier key is written into the text of today, so
    /// that its siblings stay.
    func rollback(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        guard settings.text.field == nil else {
            return try publish(try earlierKey(request), request)
        }
        /// A move whose answer was lost or is none.
        var doubt: ServiceError?
        for _ in 1...4 {
            let found = try ServiceError.after(doubt) { () throws(ServiceError) in try read() }
            guard case .current(let current) = found else { return try publish(try requireKey(request), request) }
            let judgement = try ServiceError.after(doubt) { () throws(ServiceError) in try judge(current, request) }
            if judgement == .successor { return doubt == nil ? unchanged(current) : committed(.updated, current.id) }
            do throws(ServiceError) {
                guard let earlier = try earlierVersion(request) else {
                    return try publish(try requireKey(request), request)
                }
                // One with a line end behind the key would read back as another.
                guard Digest(of: earlier.text) == request.digest else {
                    let key = settings.text.earlierKey(in: earlier.text, request.digest, of: settings.thing)
                    guard let key else { return try publish(try requireKey(request), request) }
                    return try publish(key, request)
                }
                try move(.current, from: current.id, to: earlier.id)
                return committed(.updated, earlier.id, current.id, expected: current.id)
            } catch {
                if error.mayHaveTakenEffect {
                    doubt = error
                } else if case .current(let now) = try read(), now.id != current.id {
                    continue
                } else {
                    throw error.doubted(doubt != nil)
                }
            }
        }
        throw doubt
            ?? ServiceError(
                PublisherError(
                    .conflict, "\(settings.thing) changes all the time", hint: "look who else writes it",
                    field: "with.secret"))
    }

    /// The key of a field: the one that came along, or the one in an earlier version.
    private func earlierKey(_ request: PublisherRequest) throws(ServiceError) -> Secret {
        if let secret = request.secret { return secret }
        // What may not be written is told as such before anything is looked for.
        if case .current(let current) = try read(), try judge(current, request) == .successor,
            let key = settings.text.earlierKey(in: current.text, request.digest, of: settings.thing)
        {
            return key
        }
        guard let version = try earlierVersion(request),
            let key = settings.text.earlierKey(in: version.text, request.digest, of: settings.thing)
        else { return try requireKey(request) }
        return key
    }

    /// The version that holds the key of the request: the one that ours took the place of, AWSPREVIOUS, or, where only a
    /// version can help, any that AWS still has.
    private func earlierVersion(_ request: PublisherRequest) throws(ServiceError) -> Version? {
        var seen: Set<String> = []
        func find(_ ids: [String]) throws(ServiceError) -> Version? {
            for id in ids where seen.insert(id).inserted {
                if let version = try kept(id),
                    settings.text.earlierKey(in: version.text, request.digest, of: settings.thing) != nil
                {
                    return version
                }
            }
            return nil
        }
        let known = [request.receipt?["previous_version_id"]?.string, try look().previous].compactMap(\.self)
        if let version = try find(known) { return version }
        return request.secret == nil ? try find(try versions()) : nil
    }

    /// A version; `nil` if AWS has removed it, or it is no text.
    private func kept(_ id: String) throws(ServiceError) -> Version? {
        do throws(ServiceError) { return try read(id) } catch {
            guard error.reason == "ResourceNotFoundException" || error.error.code == .configuration else { throw error }
            return nil
        }
    }

    /// The key where it has to be written.
    private func requireKey(_ request: PublisherRequest) throws(ServiceError) -> Secret {
        if let secret = request.secret { return secret }
        throw ServiceError(
            PublisherError(
                .notFound,
                "the earlier key of \(settings.thing) is not known: no version of the secret holds it any more",
                hint: "AWS removes versions without a label; write the key there by hand if somebody has it",
                field: "with.secret"))
    }
}

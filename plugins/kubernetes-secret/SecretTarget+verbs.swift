import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import Timestamps

extension SecretTarget {
    /// Reads and compares, and lets the cluster try the writes without keeping them (`dryRun`).
    func check(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        do throws(ServiceError) {
            let held = try look(request)
            let states = try workloads()
            var notes = [news(held, request) ?? "would write \(settings.entry)"]
            do throws(ServiceError) {
                if let held {
                    _ = try update(held, nil, nil)
                } else {
                    _ = try create(nil, Marker(request, at: clock.now), isTrial: true)
                }
                for state in states { try tryRestart(state) }
            } catch {
                // A webhook with side effects says so (apiserver/pkg/admission/plugin/webhook/errors).
                guard error.status == 400, error.error.message.contains("dry run") else { throw error }
                notes.append("whether it may write cannot be tried here")
            }
            notes += [held.flatMap(controlled)].compactMap(\.self) + states.compactMap(\.note)
            return PublisherAnswer(.ready, message: notes.joined(separator: "; "))
        } catch {
            throw ServiceError(error.error, status: error.status)
        }
    }

    /// Compares and swaps, then restarts what uses the key. What comes between reading and writing is met by reading
    /// again, a few times.
    func publish(_ secret: Secret, _ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        // What cannot be restarted is told while nothing is written.
        let states = try workloads()
        let written = try aloneAtSecret { () throws(ServiceError) in try write(secret, request) }
        var receipt: JSONObject = ["namespace": .string(settings.namespace), "secret": .string(settings.name)]
        if let change = written.change { receipt["change"] = .string(change.rawValue) }
        var notes = [
            written.change.map { "\($0.rawValue) \(settings.entry)" } ?? "\(settings.entry) holds the key already"
        ]
        if let controlled = controlled(written.held) { notes.append(controlled) }
        guard !states.isEmpty else { return answer(written.change != nil, receipt, notes) }
        let marker = marker(of: written.held, request)
        return try ServiceError.after(notes.joined(separator: "; ")) { () throws(ServiceError) in
            let restarted = try restart(states, for: marker)
            if !restarted.isEmpty {
                receipt["restarted"] = .array(restarted.map { .string($0.description) })
                notes.append("restarted \(restarted.map(\.description).joined(separator: ", "))")
            }
            for (workload, rollout) in wait(for: settings.workloads) {
                switch rollout {
                case .done: notes.append("\(workload) is rolled out")
                case .underWay(let what): notes.append("\(workload) is not rolled out yet: \(what)")
                case .stuck(let what): notes.append("\(workload) makes no progress: \(what)")
                }
            }
            return answer(written.change != nil || !restarted.isEmpty, receipt, notes)
        }
    }

    /// Reads the Secret back, and checks whether what uses it was restarted since then and is done.
    func verify(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        let found = try read()
        let comparison = request.compare(held: found?.value)
        guard let held = found, comparison != .nothing else { return PublisherAnswer(.absent) }
        guard comparison == .same else { return PublisherAnswer(.mismatch) }
        let marker = marker(of: held, request)
        for workload in settings.workloads {
            let state = try read(workload)
            guard state.marker == marker else {
                throw ServiceError(
                    PublisherError(
                        .conflict, "\(settings.entry) holds the key, but \(workload) was not restarted for it",
                        hint:
                            "`ork-publish --accept-target \(request.target)` restarts it, and writes nothing twice",
                        field: "with.restart"))
            }
            switch state.rollout {
            case .done: continue
            case .underWay(let what):
                throw ServiceError(
                    PublisherError(
                        .unavailable, "\(settings.entry) holds the key, but \(workload) is not rolled out yet: \(what)",
                        hint: "`ork-verify --wait 10m` waits for it", field: "with.restart"))
            case .stuck(let what):
                throw ServiceError(
                    PublisherError(
                        .unavailable, "\(settings.entry) holds the key, but \(workload) makes no progress: \(what)",
                        hint: "look at its pods with kubectl describe; the predecessor stays as it is",
                        field: "with.restart"))
            }
        }
        let names = settings.workloads.map(\.description).joined(separator: ", ")
        return PublisherAnswer(
            .match, message: settings.workloads.isEmpty ? nil : "holds the successor; \(names) rolled out with it")
    }

    private enum Change: String {
        case created, updated
    }

    /// `change` is `nil` if the key was there.
    private func write(
        _ secret: Secret, _ request: PublisherRequest
    ) throws(ServiceError) -> (held: HeldSecret, change: Change?) {
        let marker = Marker(request, at: clock.now)
        var attempted: Change?
        /// Of a write whose answer was lost or is none.
        var doubt: ServiceError?
        for _ in 1...5 {
            let held = try ServiceError.after(doubt) { () throws(ServiceError) in try look(request) }
            if let held, held.digest == request.digest {
                // Who overtook us may have been an earlier try of this very write.
                return (held, held.marker == marker ? attempted : nil)
            }
            attempted = held == nil ? .created : .updated
            do throws(ServiceError) {
                let writing: Writing
                if let held { writing = try update(held, secret, marker) } else { writing = try create(secret, marker) }
                if case .done(let held) = writing { return (held, attempted) }
            } catch {
                guard error.mayHaveTakenEffect else { throw error.doubted(doubt != nil) }
                doubt = error
            }
        }
        throw doubt
            ?? ServiceError(
                PublisherError(
                    .conflict, "\(settings.secret) changes faster than it can be written",
                    hint: "look who else writes it, and run the step again", field: "with.secret"))
    }

    /// Reads, and refuses a Secret that is not to be written. `nil`: there is none, and one may be made.
    private func look(_ request: PublisherRequest) throws(ServiceError) -> HeldSecret? {
        guard let held = try read() else {
            if let problem = namespaceProblem() { throw ServiceError(problem) }
            let refusal = request.refusalToMake(
                absence(nil), hint: "check the spelling of secret and namespace", field: "with.secret")
            if let refusal { throw ServiceError(refusal) }
            return nil
        }
        if let later = held.marker?.rotation, request.isOlder(than: later) {
            throw conflict(
                "was written by a later rotation (\(later))",
                hint: "finish that one; to write all the same, remove the annotation \(Marker.written(settings.key))")
        }
        switch request.compare(held: held.value) {
        case .same, .expected: break
        case .nothing:
            let refusal = request.refusalToMake(absence(held), hint: "check the spelling of key", field: "with.key")
            if let refusal { throw ServiceError(refusal) }
        case .other:
            throw conflict(
                "holds a value that this rotation does not know",
                hint:
                    "check that cluster, namespace, secret and key are right"
            )
        }
        return try refuseImmutable(held, request)
    }

    private func absence(_ held: HeldSecret?) -> String {
        held == nil ? "no \(settings.secret)" : "no value at \(settings.entry)"
    }

    /// What a check says of a target that would be made; `nil` for one that would be changed.
    private func news(_ held: HeldSecret?, _ request: PublisherRequest) -> String? {
        guard held?.value == nil else { return nil }
        return "would make \(held == nil ? settings.secret : settings.entry); "
            + request.noteOfMaking(absence(held))
    }

    private func refuseImmutable(_ held: HeldSecret, _ request: PublisherRequest) throws(ServiceError) -> HeldSecret {
        guard held.isImmutable, held.digest != request.digest else { return held }
        throw ServiceError(
            PublisherError(
                .configuration, "\(settings.secret) is immutable: nobody can change what it holds",
                hint: Kubernetes.immutableHint, field: "with.secret"))
    }

    private func conflict(_ what: String, hint: String) -> ServiceError {
        ServiceError(PublisherError(.conflict, "\(settings.entry) \(what)", hint: hint, field: "with.key"))
    }

    /// The write that the Secret tells of, if it is of this key.
    private func marker(of held: HeldSecret, _ request: PublisherRequest) -> Marker {
        held.marker.flatMap { $0.isOf(request) ? $0 : nil } ?? Marker(foreign: request)
    }

    private func controlled(_ held: HeldSecret) -> String? {
        held.controller.map { "it belongs to \($0), which may write another value back" }
    }

    private func answer(_ isChanged: Bool, _ receipt: JSONObject, _ notes: [String]) -> PublisherAnswer {
        PublisherAnswer(isChanged ? .committed : .unchanged, receipt: receipt, message: notes.joined(separator: "; "))
    }
}

import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Timestamps

// An instance of Cloud Run's reads a secret when it starts, and keeps it. What was written is in effect once all requests go to
// revisions that were made after the write.
extension SecretTarget {
    func state(_ service: RunService) throws(ServiceError) -> ServiceState {
        let call = call(.get, service, to: "read service \(service)")
        return try ServiceState(service, cloudRun.send(call, until: deadline).object())
    }

    /// Refuses a service that a new version would never reach.
    func requireReference(_ state: ServiceState) throws(ServiceError) {
        let references = state.references(to: settings.name, in: settings.project)
        guard !references.isEmpty else {
            throw ServiceError(
                Settings.error(
                    "services", "service \(state.service) does not use \(settings.place)",
                    hint: "name the services that have it in a variable or as a file, and no others"))
        }
        for case .pinned(let version) in references {
            throw ServiceError(
                PublisherError(
                    .configuration,
                    "service \(state.service) names version \(version) of \(settings.place), and would never get another",
                    hint:
                        "run `gcloud run services update \(state.service.name) --region \(state.service.region) --update-secrets=VARIABLE=\(settings.name):latest --project \(state.service.project)`",
                    field: "with.services"))
        }
    }

    /// Has a service make a new revision from the template that it has, unless one was begun after the write.
    func renew(_ seen: ServiceState, since written: Date?, isUnchanged: Bool) throws(ServiceError) -> JSONObject {
        let service = seen.service
        for number in 1...3 {
            // What was read before the write is as good, if nobody has changed it since.
            let state = number == 1 ? seen : try state(service)
            try requireReference(state)
            if isUnchanged, let written, try isRenewed(state, since: written) {
                return receipt(state, state.latestCreated)
            }
            // A name of its own would be taken by the revision that has it.
            var template = state.template
            template["revision"] = JSONValue?.none
            var call = call(
                .patch, service, body: ["etag": .string(state.etag), "template": .object(template)],
                statuses: [200, 409], to: "make a revision of service \(service)")
            call.query = [("updateMask", "template"), ("forceNewRevision", "true")]
            // The second one is refused by the etag of the first.
            call.isIdempotent = false
            do throws(ServiceError) {
                let answer = try cloudRun.send(call, until: deadline)
                // Somebody else was faster.
                guard answer.status == 200 else { continue }
                _ = try answer.object()
            } catch {
                // The answer may be lost, and the revision not.
                guard error.mayHaveTakenEffect else { throw error }
                let after = try ServiceError.after(error) { () throws(ServiceError) in try self.state(service) }
                if after.generation == state.generation, after.etag == state.etag { continue }
            }
            let after = try self.state(service)
            return receipt(state, after.latestCreated == state.latestCreated ? nil : after.latestCreated)
        }
        throw ServiceError(
            PublisherError(
                .conflict, "service \(service) changes faster than a revision can be made",
                hint: "look who else deploys it, and run the step again", field: "with.services"))
    }

    private func receipt(_ before: ServiceState, _ made: RevisionName?) -> JSONObject {
        var receipt: JSONObject = [:]
        receipt["was"] = before.latestCreated.map { .string($0.description) }
        receipt["revision"] = made.map { .string($0.description) }
        return receipt
    }

    /// Whether the newest revision was made after the write and is good, or on its way.
    private func isRenewed(_ state: ServiceState, since written: Date) throws(ServiceError) -> Bool {
        guard let newest = state.latestCreated, state.isMoving || !state.isFailed else { return false }
        return try made(newest, of: state.service).map { $0 >= written } ?? false
    }

    /// When a revision was made; `nil` if it is gone.
    private func made(_ revision: RevisionName, of service: RunService) throws(ServiceError) -> Date? {
        var call = call(.get, service, statuses: [200, 404], to: "read revision \(revision) of service \(service)")
        call.path += ["revisions", revision.description]
        let answer = try cloudRun.send(call, until: deadline)
        guard answer.status == 200 else {
            guard answer.words != nil else { throw cloudRun.refusal(answer, to: call) }
            return nil
        }
        return try answer.object().date("createTime")
    }

    /// Refuses while requests may go to a revision that was made before the write; else says what serves.
    func requireServed(
        _ service: RunService, since written: Date, _ request: PublisherRequest
    ) throws(ServiceError) -> String {
        let state = try state(service)
        var late: [ServiceState.Traffic] = []
        for traffic in state.traffic where try made(traffic.revision, of: service).map({ $0 < written }) ?? true {
            late.append(traffic)
        }
        if state.isMoving {
            throw notInEffect(
                .unavailable, "service \(service) is still being brought to its newest revision",
                hint: NotInEffect.waiting)
        }
        guard let traffic = late.first else {
            guard let served = state.traffic.first else {
                throw notInEffect(
                    .unavailable, "service \(service) has no revision that is ready", hint: NotInEffect.waiting)
            }
            return "\(service) serves \(served.revision)"
        }
        if state.isFailed {
            let newest = state.latestCreated.map { "revision \($0)" } ?? "the newest revision"
            throw notInEffect(
                .unavailable, "\(newest) of service \(service) failed\(state.words.map { ": \($0)" } ?? "")",
                hint: "look at its log; \(NotInEffect.again(request))")
        }
        let isNewer = try state.latestCreated.flatMap { name throws(ServiceError) in try made(name, of: service) }
            .map { $0 >= written }
        guard isNewer == true else {
            throw notInEffect(
                .conflict, "service \(service) serves revision \(traffic.revision), which was made before",
                hint: NotInEffect.again(request))
        }
        throw notInEffect(
            .conflict,
            "service \(service) sends \(traffic.percent) % of the requests to revision \(traffic.revision), which was made before",
            hint: "run \(Self.toLatest(service)), then ork-verify again")
    }

    static func toLatest(_ service: RunService) -> String {
        "`gcloud run services update-traffic \(service.name) --region \(service.region) --to-latest --project \(service.project)`"
    }

    private func notInEffect(_ code: PublisherError.Code, _ why: String, hint: String) -> ServiceError {
        NotInEffect.error(code, at: settings.place, why, hint: hint)
    }

    private func call(
        _ method: HTTPRequest.Method, _ service: RunService, body: JSONObject? = nil, statuses: Set<Int> = [200],
        to purpose: String
    ) -> ServiceCall {
        var call = ServiceCall(
            method, service.path, body: body.map(JSONValue.object), statuses: statuses, to: purpose,
            field: "with.services",
            permission:
                "roles/run.developer on service \(service), and roles/iam.serviceAccountUser on the account it runs as")
        call.secret = secret
        return call
    }
}

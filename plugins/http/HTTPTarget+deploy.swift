import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Timestamps

// What was written is in effect once something runs that was made after the write. A deployment that was asked for after it
// was, so its id is the evidence; where the service deploys by itself, the time at which it did.
extension HTTPTarget {
    /// Reads the newest deployment, where there is a way to: so that what `publish` needs is known before it writes.
    func checkDeployment() throws(ServiceError) {
        try checkHook()
        if let latest = description.deployment?.latest { _ = try newest(latest) }
    }

    /// Refuses a hook that cannot be called.
    func checkHook() throws(ServiceError) {
        if case .hook(let variable)? = description.deployment?.trigger { _ = try hook(variable) }
    }

    /// When a target was written, by the service's clock.
    struct Moments {
        /// When it was there at the latest; `nil` where nobody knows.
        let written: Date?
        /// When it was read before anything was done.
        let before: Date?
        /// Whether this run wrote it.
        let isOurs: Bool
    }

    /// Deploys what was written, unless a deployment is known to have begun after that. What a run that died did is not
    /// remembered: then there is one deployment more, which does no harm.
    func deploy(
        _ deployment: DeploymentDescription, _ moments: Moments
    ) throws(ServiceError) -> (receipt: JSONObject, note: String) {
        var deployed = try start(deployment, moments)
        if deployment.serves != nil, let written = moments.written ?? moments.before {
            deployed.receipt["written_after"] = .string(written.rfc3339)
        }
        return deployed
    }

    private func start(
        _ deployment: DeploymentDescription, _ moments: Moments
    ) throws(ServiceError) -> (receipt: JSONObject, note: String) {
        guard let trigger = deployment.trigger else {
            // It begins to before it answers.
            let before = moments.isOurs ? moments.before.map { JSONValue.string($0.rfc3339) } : nil
            return (before.map { ["written_after": $0] } ?? [:], "\(description.title) deploys it by itself")
        }
        if !moments.isOurs, let latest = deployment.latest, let newest = try newest(latest, after: moments.written) {
            return deployed(newest.id, "deployment \(newest.id) was made with it")
        }
        do throws(ServiceError) {
            switch trigger {
            case .hook(let variable):
                try hook(variable).call(by: client, hiding: secret, until: deadline)
                if let latest = deployment.latest,
                    let newest = try newest(latest, after: moments.written ?? moments.before)
                {
                    return deployed(newest.id, "called the deploy hook, which deploys it as \(newest.id)")
                }
                return (["redeployed": "hook"], "called the deploy hook")
            case .request(let request, let pointer):
                let (answer, document) = try send(request, to: "deploy \(description.place)", isWrite: true)
                let id = try pointer.flatMap { pointer throws(ServiceError) in
                    try document.flatMap { document throws(ServiceError) in try text(at: pointer, in: document) }
                }
                guard pointer == nil || id != nil else { throw answer.surprise("without the deployment's id") }
                return deployed(id, "deploys it" + (id.map { " as \($0)" } ?? ""))
            }
        } catch {
            // The answer may be lost, and the deployment not.
            guard error.mayHaveTakenEffect, let latest = deployment.latest,
                let newest = try newest(latest, after: moments.written ?? moments.before)
            else { throw error }
            return deployed(newest.id, "deploys it as \(newest.id)")
        }
    }

    /// Refuses while what runs may have been made before the write. `isSeen` is false where nobody can tell.
    func requireDeployed(
        _ deployment: DeploymentDescription, _ request: PublisherRequest
    ) throws(ServiceError) -> (isSeen: Bool, note: String) {
        let again = NotInEffect.again(request)
        let receipt = request.receipt ?? [:]
        if deployment.trigger != nil, receipt["redeployed"] == nil {
            throw notInEffect(.conflict, "nothing was deployed with it", hint: again)
        }
        let id = receipt["deployment"]?.string
        var seen: String?
        if let wait = deployment.wait, id != nil || !wait.request.names.contains("id") {
            seen = try state(wait, of: id, again: deployment.trigger == nil ? nil : again, receipt)
        }
        if let serves = deployment.serves { seen = try requireServed(serves, id, receipt) }
        guard let seen else {
            return (false, "a deployment was asked for, and nothing shows whether it is live; give ork-verify a probe")
        }
        return (true, seen)
    }

    /// Refuses while another deployment is served than the one that was made with the key, or a later one: it is held back,
    /// or somebody went back to an earlier one.
    private func requireServed(
        _ serves: DeploymentDescription.Latest, _ id: String?, _ receipt: JSONObject
    ) throws(ServiceError) -> String {
        guard let served = try newest(serves) else {
            throw notInEffect(.unavailable, "what is served cannot be seen", hint: NotInEffect.waiting)
        }
        let isLater = receipt["written_after"]?.string.flatMap(moment).map { served.created >= $0 } ?? false
        guard served.id == id || isLater else {
            throw notInEffect(
                .unavailable, "deployment \(served.id) is served, which was made before it was written",
                hint:
                    "\(NotInEffect.waiting); if \(description.title) holds the new one back, or went back to this one, let it serve the new one"
            )
        }
        return "deployment \(served.id) is served"
    }

    /// Refuses while a deployment is not good, and answers what is seen of it. `again` is what deploys once more.
    private func state(
        _ wait: DeploymentDescription.Wait, of id: String?, again: String?, _ receipt: JSONObject
    ) throws(ServiceError) -> String {
        let values = id.map { description.values.adding("id", $0) } ?? description.values
        let (_, document) = try send(wait.request, to: "read how \(description.place) is deployed", values)
        let shown = try wait.id.flatMap { pointer throws(ServiceError) in
            try document.flatMap { document throws(ServiceError) in try text(at: pointer, in: document) }
        }
        let name = (id ?? shown).map { "deployment \($0)" } ?? "its deployment"
        let words = try wait.state.map { pointer throws(ServiceError) in
            try document.flatMap { document throws(ServiceError) in try text(at: pointer, in: document) }
        }.compactMap(\.self)
        guard let document, words.count == wait.state.count else {
            throw notInEffect(.unavailable, "its state cannot be seen", hint: NotInEffect.waiting)
        }
        let state = words.joined(separator: " ")
        if wait.failed.contains(state) {
            let next = again ?? "deploy it again at \(description.title)"
            throw notInEffect(.unavailable, "\(name) failed (\(state))", hint: "look at its log; \(next)")
        }
        guard wait.good.contains(state) else {
            throw notInEffect(.unavailable, "\(name) is not live yet (\(state))", hint: NotInEffect.waiting)
        }
        if let pointer = wait.created {
            let created = try text(at: pointer, in: document).flatMap(moment)
            // Whoever found it written does not know since when; the service deploys with every change.
            let written = receipt["written_after"]?.string.flatMap(moment) ?? .distantPast
            guard let created, created >= written else {
                throw notInEffect(
                    .unavailable, "the running deployment was made before it was written", hint: NotInEffect.waiting)
            }
        }
        return "\(name) is live (\(state))"
    }

    /// RFC 3339, or milliseconds of Unix time.
    func moment(_ text: String) -> Date? {
        Date(rfc3339: text) ?? Int(text).map { Date(timeIntervalSince1970: Double($0) / 1000) }
    }

    private func notInEffect(_ code: PublisherError.Code, _ what: String, hint: String) -> ServiceError {
        NotInEffect.error(code, at: description.place, what, hint: hint)
    }

    private func deployed(_ id: String?, _ note: String) -> (receipt: JSONObject, note: String) {
        var receipt: JSONObject = ["redeployed": true]
        if let id { receipt["deployment"] = .string(id) }
        return (receipt, note)
    }

    private func newest(_ latest: DeploymentDescription.Latest) throws(ServiceError) -> (id: String, created: Date)? {
        let (_, document) = try send(latest.request, to: "read the deployments of \(description.place)")
        guard let document, let id = try text(at: latest.id, in: document),
            let created = try text(at: latest.created, in: document).flatMap(moment)
        else { return nil }
        return (id, created)
    }

    /// The newest deployment, if it was made after this moment.
    private func newest(
        _ latest: DeploymentDescription.Latest, after date: Date?
    ) throws(ServiceError) -> (id: String, created: Date)? {
        guard let date, let newest = try newest(latest), newest.created >= date else { return nil }
        return newest
    }

    private func hook(_ variable: String) throws(ServiceError) -> DeployHook {
        try DeployHook(in: variable, of: description.title, environment: environment)
    }
}

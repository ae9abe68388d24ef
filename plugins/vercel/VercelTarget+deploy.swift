import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets

// A deployment keeps the variables that it was made with. What was written is in effect once production serves one that was
// made after the write; whoever goes back in Vercel to an earlier one brings its variables back.
extension VercelTarget {
    /// Whether production is deployed after a write: where the target does not say, if a record is production's.
    func redeploy(for choice: RecordChoice) throws(ServiceError) -> Redeploy {
        guard let wish = settings.redeploy else { return choice.coversProduction ? .yes : .no }
        guard wish == .no || choice.coversProduction else {
            throw ServiceError(
                Settings.error(
                    "redeploy", "none of the records is production's, and production is what 'redeploy' deploys",
                    hint: "leave it out; previews take the variable up when they are made anew"))
        }
        return wish
    }

    /// Refuses a hook that cannot be called.
    func checkHook() throws(ServiceError) {
        if let redeploy = settings.redeploy { _ = try hook(redeploy) }
    }

    private func hook(_ redeploy: Redeploy) throws(ServiceError) -> DeployHook? {
        try redeploy.hook(of: client.service.name, environment: environment)
    }

    /// What is to be known of production before anything is written.
    static func warning(_ project: Project) -> String {
        let now =
            project.isRolledBack
            ? "production is rolled back: until somebody goes on with `vercel promote`, no new deployment gets its domains; "
            : project.assignsDomains
                ? "" : "this project gives a new deployment no domains by itself: promote it after ork-publish; "
        return now
            + "an instant rollback in Vercel brings back what the earlier deployment was made with: let the soak outlast it"
    }

    /// Deploys production as it is, unless a deployment made after the write is under way or serves already. What a run that
    /// died did is found by that; at most there is one deployment more.
    func deploy(
        _ redeploy: Redeploy, _ written: Written, _ project: Project
    ) throws(ServiceError) -> (receipt: JSONObject, note: String) {
        let moment = written.moments.values.max()
        if written.isUnchanged, let made = try usable(project, since: moment) {
            return deployed(made.id, "deployment \(made.id) was made with it", project)
        }
        do throws(ServiceError) {
            if let hook = try hook(redeploy) {
                try hook.call(by: client, hiding: secret, until: deadline)
                let made = try newest(project, since: moment)
                let receipt: JSONObject = [
                    "redeployed": "hook", "deployment": made.map { .string($0.id.description) } ?? .null,
                ]
                return (receipt, "called the deploy hook" + (made.map { ", which deploys it as \($0.id)" } ?? ""))
            }
            guard let source = project.production else {
                return (
                    ["redeployed": "none"],
                    "nothing is deployed for production yet: its first deployment takes it up"
                )
            }
            // What `vercel redeploy` sends.
            let body: JSONObject = [
                "deploymentId": .string(source.id.description), "meta": ["action": "redeploy"],
                "name": .string(project.name), "target": "production",
            ]
            var call = call(
                .post, ["v13", "deployments"], body: body, statuses: [200, 201, 202],
                to: "deploy project \(settings.project) again")
            call.query.append(("forceNew", "1"))
            let answer = try client.send(call, until: deadline)
            guard let id = ServiceID(try answer.object()["id"]?.string) else {
                throw answer.surprise("without the deployment's id")
            }
            return deployed(id, "deploys it as \(id)", project)
        } catch {
            // The answer may be lost, and the deployment not.
            guard error.mayHaveTakenEffect, let made = try newest(project, since: moment) else { throw error }
            return deployed(made.id, "deploys it as \(made.id)", project)
        }
    }

    private func deployed(
        _ id: ServiceID, _ note: String, _ project: Project
    ) -> (receipt: JSONObject, note: String) {
        let isLedThere = project.production?.id == id || project.assignsDomains && !project.isRolledBack
        let promotion = "; production is not led there by itself: `vercel promote \(id)` does that"
        return (["redeployed": true, "deployment": .string(id.description)], note + (isLedThere ? "" : promotion))
    }

    /// A deployment that was made after the write and that another one would not better.
    private func usable(_ project: Project, since moment: Int?) throws(ServiceError) -> Deployment? {
        guard let moment else { return nil }
        if let served = project.production, served.createdAt >= moment, served.isReady { return served }
        guard let newest = try newest(project, since: moment) else { return nil }
        let waitsForSomebody = newest.isStaged || project.isRolledBack || !project.assignsDomains
        return newest.isReady && !waitsForSomebody ? nil : newest
    }

    /// The newest deployment for production that was made after this moment and has not failed.
    private func newest(_ project: Project, since moment: Int?) throws(ServiceError) -> Deployment? {
        guard let moment else { return nil }
        return try deployments(project).first { $0.createdAt >= moment && !$0.isFailed }
    }

    private func deployments(_ project: Project) throws(ServiceError) -> [Deployment] {
        var call = call(.get, ["v6", "deployments"], to: "list the deployments of project \(settings.project)")
        call.query += [("projectId", project.id.description), ("target", "production"), ("limit", "10")]
        let list = try client.send(call, until: deadline).object().list("deployments")
        return try list.map { object throws(ServiceError) in try Deployment(object) }.sorted {
            $0.createdAt > $1.createdAt
        }
    }

    /// `nil` if it is not there any more.
    private func deployment(_ id: ServiceID) throws(ServiceError) -> Deployment? {
        let call = call(
            .get, ["v13", "deployments", id.description], statuses: [200, 404], to: "read deployment \(id)")
        let answer = try client.send(call, until: deadline)
        guard answer.status == 200 else {
            guard answer.words != nil else { throw client.refusal(answer, to: call) }
            return nil
        }
        return try Deployment(answer.object())
    }

    /// Refuses while production may serve what was made before the write; else says what it serves.
    func requireInEffect(
        _ project: Project, written: Int?, _ receipt: WrittenReceipt?, _ request: PublisherRequest
    ) throws(ServiceError) -> String {
        let ours = receipt?.deployment
        let moment = written ?? .max
        if let served = project.production, served.createdAt >= moment {
            try requireServing(served, project, since: moment, request)
            return "deployment \(served.id) is live (\(served.state))"
        }
        var made = try ours.flatMap { id throws(ServiceError) in try deployment(id) }
        if made?.isFailed != false {
            // Somebody may have deployed since then.
            let since = try deployments(project).filter { $0.createdAt >= moment }
            made = since.first { !$0.isFailed } ?? made ?? since.first
        }
        guard let made else {
            if receipt?.isByHook == true {
                throw notInEffect(.unavailable, "the hook's deployment is not there yet", hint: NotInEffect.waiting)
            }
            guard project.production != nil else { return "nothing is deployed for production yet" }
            throw notInEffect(.conflict, "nothing was deployed with it", hint: NotInEffect.again(request))
        }
        if made.isReady, let served = project.production {
            guard made.createdAt >= moment else { throw madeBefore(made, request) }
            throw passedOver(made, for: served, project)
        }
        throw notReady(made, request)
    }

    /// Refuses what production is not led to, or is led away from.
    private func requireServing(
        _ served: Deployment, _ project: Project, since moment: Int, _ request: PublisherRequest
    ) throws(ServiceError) {
        guard served.isReady else { throw notReady(served, request) }
        if let move = project.move, move.target != served.id, move.requestedAt > served.createdAt {
            let target = try deployment(move.target)
            guard let target, target.createdAt >= moment else { throw ledBack(to: move.target, from: served, project) }
        }
        if served.isStaged { throw notPromoted(served) }
        if served.isUnderWay {
            throw notInEffect(
                .unavailable, "production's domains are still being led to deployment \(served.id)",
                hint: NotInEffect.waiting)
        }
    }

    private func notReady(_ made: Deployment, _ request: PublisherRequest) -> ServiceError {
        guard made.isFailed else {
            return notInEffect(
                .unavailable, "deployment \(made.id) is not live yet (\(made.state))", hint: NotInEffect.waiting)
        }
        return notInEffect(
            .unavailable, "deployment \(made.id) failed (\(made.state))",
            hint: "look at its log; \(NotInEffect.again(request))")
    }

    /// What we made may have another value by now: Vercel moves the moment with every edit, and shows no other.
    private func madeBefore(_ made: Deployment, _ request: PublisherRequest) -> ServiceError {
        notInEffect(
            .conflict, "deployment \(made.id) was made before its last edit in Vercel",
            hint: NotInEffect.again(request))
    }

    /// Why production serves an earlier deployment although ours is ready.
    private func passedOver(_ made: Deployment, for served: Deployment, _ project: Project) -> ServiceError {
        if project.move?.target == served.id { return ledBack(to: served.id, from: made, project) }
        if made.isStaged || !project.assignsDomains { return notPromoted(made) }
        return notInEffect(
            .unavailable, "production's domains are not led to deployment \(made.id) yet", hint: NotInEffect.waiting)
    }

    private func ledBack(to earlier: ServiceID, from made: Deployment, _ project: Project) -> ServiceError {
        let who = project.move?.isRollback == false ? "a promotion" : "a rollback"
        return notInEffect(
            .conflict, "\(who) in Vercel leads production to deployment \(earlier), which was made before",
            hint: "`vercel promote \(made.id)` goes on to the one that has it; verify again then")
    }

    private func notPromoted(_ made: Deployment) -> ServiceError {
        notInEffect(
            .conflict, "deployment \(made.id) is ready, and production's domains are not led to it",
            hint: "`vercel promote \(made.id)` does that; verify again then")
    }

    private func notInEffect(_ code: PublisherError.Code, _ why: String, hint: String) -> ServiceError {
        NotInEffect.error(code, at: settings.variable, why, hint: hint)
    }
}

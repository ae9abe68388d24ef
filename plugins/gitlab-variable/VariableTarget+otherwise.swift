import HTTP
import JSON
import PublisherPlugin
import Secrets
import ServiceClient
import Sodium

/// What GitLab does otherwise than it was asked to, without saying so.
extension VariableTarget {
    /// Without Premium, GitLab drops the scope of a group's variable and makes one for all environments
    /// (ee/lib/ee/api/helpers/variables_helpers.rb). Nobody asked for that one.
    func takeBackScope(_ variable: Variable) -> ServiceError {
        takeBack(
            variable, "GitLab made \(settings.key) for scope \(variable.scopeName) instead of \(settings.variable)",
            field: "environment_scope",
            hint: "scopes of a group's variables need Premium: leave 'environment_scope' out, or take projects")
    }

    /// A GitLab older than 17.4 makes a variable that can be read where a hidden one is asked for.
    func takeBackReadable(_ variable: Variable) -> ServiceError {
        takeBack(
            variable, "GitLab made \(settings.variable) readable where it is to be hidden", field: "hidden",
            hint: "hidden variables need GitLab 17.4: update it, or leave 'hidden' out")
    }

    func isReadableAgainstWish(_ variable: Variable) -> Bool {
        settings.place.visibility == .hidden && !variable.isHidden
    }

    /// Removes what was just made. Only if that is certain, nothing is written.
    private func takeBack(_ variable: Variable, _ made: String, field: String, hint: String) -> ServiceError {
        let scope = settings.place.environmentScope == nil ? [] : Self.filter(variable.environmentScope)
        let removal = call(.delete, path, query: scope, statuses: [204, 404], to: "remove")
        var isGone = false
        do throws(ServiceError) {
            let answer = try client.send(removal, until: deadline)
            isGone = answer.status == 204 || isAboutVariable(answer)
        } catch {}
        return ServiceError(
            Settings.error(
                field, "\(made); it was " + (isGone ? "removed again" : "not possible to remove it"),
                hint: (isGone ? "" : "remove it; ") + hint), mayHaveTakenEffect: !isGone)
    }

    /// If a group has no variable of our scope, GitLab changes another one of the key (lib/api/group_variables.rb,
    /// app/services/ci/change_variable_service.rb): ours was removed between reading and writing.
    func straying(_ variable: Variable) -> ServiceError {
        ServiceError(
            PublisherError(
                .conflict,
                "\(settings.variable) was removed meanwhile, and GitLab wrote the key to the variable of"
                    + " scope \(variable.scopeName) instead",
                hint: "look whether that one is to hold this key, give it its own value back if not, and run the step"
                    + " again", field: "with.environment_scope"), mayHaveTakenEffect: true)
    }

    /// The other scopes under which a group's variable of this key holds this value, a few at most: what an earlier
    /// write did otherwise, or another target's.
    ///
    /// Only if several variables have the key, all of the group are listed: there is no list of one key.
    func scopesElsewhere(_ digest: Digest) throws(ServiceError) -> [String] {
        guard case .group = settings.place else { return [] }
        let probe = call(.get, path, statuses: [200, 404, 409], to: "read the other scopes of")
        let answer = try client.send(probe, until: deadline)
        let others: [Variable]
        switch answer.status {
        case 200: others = [try Variable(answer.object())]
        case 409: others = try list()
        case _ where isAboutVariable(answer): others = []
        default: throw client.refusal(answer, to: probe)
        }
        return others.filter { !isOurs($0) && $0.content == .value(digest) }.prefix(8).map(\.scopeName)
    }

    /// All of the group's variables that have the key.
    private func list() throws(ServiceError) -> [Variable] {
        var variables: [Variable] = []
        let size = 100
        // A group has 30 000 at most (application limits).
        for page in 1...300 {
            let query = [("per_page", String(size)), ("page", String(page))]
            let answer = try client.send(
                call(.get, settings.place.path, query: query, statuses: [200], to: "list the scopes of"),
                until: deadline)
            let objects = try answer.objects()
            for object in objects where object["key"]?.string == settings.key {
                variables.append(try Variable(object))
            }
            guard objects.count == size else { break }
        }
        return variables
    }
}

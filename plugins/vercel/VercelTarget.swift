import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets

/// One variable of a project, and the time that there is for it.
struct VercelTarget: ServiceTarget {
    let settings: VariableSettings
    let client: ServiceClient
    /// The process's own, for a deploy hook.
    let environment: [String: String]
    let deadline: Date
    /// What no message may repeat.
    let secret: Secret?

    var place: String { "\(client.address) \(settings.team ?? "") \(settings.variable)" }

    var claims: [(field: String, thing: String)] {
        switch settings.choice {
        case .only: [("with.name", settings.variable)]
        case .environments(let environments):
            environments.map { ("with.environments", "\(settings.variable) for \($0)") }
        case .records(let ids): ids.map { ("with.records", "\(settings.variable) \($0)") }
        }
    }

    /// What a record was seen to hold.
    enum Content {
        case nothing
        case value(Secret)
        /// Something that Vercel shows to nobody.
        case unseen
    }

    func project() throws(ServiceError) -> Project {
        var call = call(.get, ["v9", "projects", settings.project], to: "read project \(settings.project)")
        call.query.append(("rollbackInfo", "true"))
        return try Project(client.send(call, until: deadline).object())
    }

    /// All records of the name. Vercel gives all of a project's in one answer nowadays, and has given pages of them; a list
    /// that ends nowhere, or goes in a circle, ends where it brings nothing new.
    func records() throws(ServiceError) -> [VariableRecord] {
        var records: [VariableRecord] = []
        var seen: Set<String> = []
        var next: Int?
        // A project has 1000 variables at most ("Limits"); Vercel's pages have at least 20.
        for _ in 1...100 {
            var call = call(.get, variables, to: "list the variables of project \(settings.project)")
            if let next { call.query.append(("until", String(next))) }
            let answer = try client.send(call, until: deadline).object()
            try refuseHidden(answer)
            let before = seen.count
            for object in try answer.list("envs") {
                let id = try object.string("id")
                guard seen.insert(id).inserted, object["key"]?.string == settings.name else { continue }
                records.append(try VariableRecord(object))
            }
            next = answer["pagination"]?["next"]?.integer
            guard next != nil, seen.count > before else { break }
        }
        return records
    }

    /// Vercel leaves out what the token may not see, and says how many those are.
    private func refuseHidden(_ answer: AnswerObject) throws(ServiceError) {
        guard let count = answer["hiddenProductionEnvCount"]?.integer, count > 0 else { return }
        if case .environments(let environments) = settings.choice, !environments.contains(.production) { return }
        throw ServiceError(
            PublisherError(
                .denied, "Vercel hides production's variables of project \(settings.project) from the token (\(count))",
                hint: "give the token in VERCEL_TOKEN \(Self.permission)", field: "with.project"))
    }

    /// What the record holds; `nil` if it is gone.
    func content(of record: VariableRecord) throws(ServiceError) -> Content? {
        guard record.kind == .readable else { return .unseen }
        let call = call(
            .get, ["v1", "projects", settings.project, "env", record.id.description], statuses: [200, 404], to: "read")
        let answer = try client.send(call, until: deadline)
        guard answer.status == 200 else {
            guard answer.words != nil else { throw client.refusal(answer, to: call) }
            return nil
        }
        let object = try answer.object()
        guard object["key"]?.string == settings.name else { throw answer.surprise("about another variable") }
        // Without this word it is in plain text: this address exists for that.
        guard object["decrypted"] != false, let value = object["value"]?.string else { return .unseen }
        return value.isEmpty ? .nothing : .value(Secret(value))
    }

    /// Writes the value and nothing else. The answer is the moment that Vercel gives it; `nil` if the record is gone.
    /// `name` is what the record is for.
    func update(_ record: VariableRecord, _ secret: Secret, for name: String) throws(ServiceError) -> Moment? {
        let call = call(
            .patch, ["v9", "projects", settings.project, "env", record.id.description],
            body: ["value": .string(try text(secret))], statuses: [200, 404],
            to: "write \(settings.variable) for \(name)")
        let answer = try client.send(call, until: deadline)
        guard answer.status == 200 else {
            guard answer.words != nil else { throw client.refusal(answer, to: call).doubted(answer.isRepetition) }
            return nil
        }
        let object = try answer.object()
        guard object["key"]?.string == settings.name else { throw answer.surprise("about another variable") }
        return Moment(record.id, object, answer)
    }

    /// Makes a record for these environments, of which at most one is a branch.
    func make(_ environments: [VercelEnvironment], _ secret: Secret) throws(ServiceError) -> Moment {
        var body: JSONObject = [
            "key": .string(settings.name), "value": .string(try text(secret)),
            "type": settings.isSensitive ? "sensitive" : "encrypted",
        ]
        let targets = environments.compactMap { $0.target.map(JSONValue.string) }
        if !targets.isEmpty { body["target"] = .array(targets) }
        let ids = environments.compactMap { if case .custom(let id) = $0 { JSONValue.string(id) } else { nil } }
        if !ids.isEmpty { body["customEnvironmentIds"] = .array(ids) }
        if case .branch(let branch)? = environments.first { body["gitBranch"] = .string(branch) }
        let call = call(.post, variables, body: body, statuses: [200, 201], to: "make")
        let answer = try client.send(call, until: deadline)
        let object = try answer.object()
        if let failed = object["failed"]?.array?.first?["error"] {
            let words = failed["message"]?.string ?? failed["code"]?.string ?? "no reason"
            let said = Redactor([secret]).redacting(words)
            throw ServiceError(
                PublisherError(
                    .configuration, "Vercel refuses to make \(settings.variable): \(DisplayText.line(said))",
                    hint: "look at the target's settings; a policy of the team may ask for sensitive: true",
                    field: "with.environments"), reason: failed["code"]?.string)
        }
        let created = object["created"]?.objects?.first ?? object["created"]?.object
        let made = created.map { AnswerObject($0, name: "the answer") { answer.surprise("without \($0.key)") } }
        guard let made, let id = ServiceID(made["id"]?.string) else { throw answer.surprise("without the variable") }
        return Moment(id, made, answer)
    }

    /// When a record was written.
    struct Moment {
        let id: ServiceID
        /// Vercel's clock, in milliseconds.
        let milliseconds: Int?

        init(_ id: ServiceID, _ object: AnswerObject, _ answer: ServiceAnswer) {
            self.id = id
            let date = answer.response.date.map { Int($0.timeIntervalSince1970 * 1000) }
            milliseconds = object["updatedAt"]?.integer ?? object["createdAt"]?.integer ?? date
        }

        init(_ record: VariableRecord) { (id, milliseconds) = (record.id, record.updatedAt) }
    }

    /// Variables of the team that have the name, too: for people. `nil` where there are none.
    func sharedNote(_ project: Project) -> String? {
        do throws(ServiceError) {
            let shared = try shared(project).filter {
                $0["key"]?.string == settings.name
                    && ($0["projectId"]?.strings.map { $0.contains(project.id.description) } ?? true)
            }
            guard !shared.isEmpty else { return nil }
            let targets = shared.flatMap { $0["target"]?.strings ?? [] }.map { DisplayText.line($0, limit: 20) }
            return "the team shares a variable \(settings.name) with this project"
                + (targets.isEmpty ? "" : " (\(targets.joined(separator: ", ")))") + ", which this target leaves alone"
        } catch {
            return error.status == nil
                ? nil : "whether the team shares a variable of this name cannot be seen with this token"
        }
    }

    /// The team's variables that have the name in theirs. Unlike those of a project, they come in pages, of about 25.
    private func shared(_ project: Project) throws(ServiceError) -> [AnswerObject] {
        var shared: [AnswerObject] = []
        var next: Int?
        for _ in 1...40 {
            var call = call(.get, ["v1", "env"], to: "list the team's shared variables")
            call.query += [("projectId", project.id.description), ("search", settings.name)]
            if let next { call.query.append(("until", String(next))) }
            let answer = try client.send(call, until: deadline).object()
            shared += try answer.list("data")
            guard let older = answer["pagination"]?["next"]?.integer, older < next ?? .max else { break }
            next = older
        }
        return shared
    }

    private var variables: [String] { ["v10", "projects", settings.project, "env"] }

    private func text(_ secret: Secret) throws(ServiceError) -> String {
        guard let text = secret.revealed() else {
            throw ServiceError(PublisherError(.configuration, "the key is not UTF-8, which a variable has to be"))
        }
        return text
    }

    func call(
        _ method: HTTPRequest.Method, _ path: [String], body: JSONObject? = nil, statuses: Set<Int> = [200],
        to purpose: String
    ) -> ServiceCall {
        let purpose = purpose.contains(" ") ? purpose : "\(purpose) \(settings.variable)"
        var call = ServiceCall(
            method, path, query: settings.query, body: body.map(JSONValue.object), statuses: statuses, to: purpose,
            field: "with.project", permission: Self.permission)
        call.secret = secret
        return call
    }

    /// By "Access roles": a Developer may neither see nor change what production has.
    static let permission =
        "access to this project: made for its team, by a user with the role Member or Owner, or Project Administrator here"
}

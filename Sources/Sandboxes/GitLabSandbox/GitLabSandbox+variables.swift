import HTTP
import JSON
import SandboxWire
import Secrets

/// The variables of one place: list, show, create, update, delete.
extension GitLabSandbox {
    mutating func variables(_ index: Int, key: String?, _ question: Question) throws(APIError) -> Answer {
        // Maintainers administer a project's variables, owners a group's (app/policies, admin_cicd_variables).
        let needed = containers[index].kind == .project ? Token.Role.maintainer : .owner
        guard let role = question.token.role(in: containers[index]), role >= needed else { throw .forbidden }
        var question = question
        try question.parameters.read(bodyOf: question.request)
        switch (question.request.method, key) {
        case (.get, nil): return try list(index, question)
        case (.post, nil): return Answer(status: 201, body: shown(try create(index, question.parameters), in: index))
        case (.get, let key?):
            return Answer(status: 200, body: shown(try find(key, in: index, question.parameters), in: index))
        case (.put, let key?):
            return Answer(status: 200, body: shown(try update(key, in: index, question.parameters), in: index))
        case (.delete, let key?):
            let variable = try find(key, in: index, question.parameters)
            containers[index].variables.removeAll { $0.id == variable.id }
            return Answer(status: 204, body: nil)
        default: throw .noMethod(key == nil ? ["GET", "POST", "HEAD"] : ["GET", "PUT", "DELETE", "HEAD"])
        }
    }

    private func shown(_ variable: Variable, in index: Int) -> JSONValue {
        variable.json(of: containers[index].kind, knowsHidden: knowsHidden)
    }

    /// Since 17.4.
    private var knowsHidden: Bool {
        let parts = version.split(separator: ".").map { Int($0) ?? 0 }
        return parts.lexicographicallyPrecedes([17, 4]) == false
    }

    private func list(_ index: Int, _ question: Question) throws(APIError) -> Answer {
        let page = try Page(question.parameters, of: containers[index].variables.count)
        let rows = containers[index].variables[page.range].map { shown($0, in: index) }
        var query = [(String, String)]()
        if containers[index].kind != .instance { query.append(("id", question.target.segments[1])) }
        let address = origin(of: question.request) + question.target.path
        return Answer(status: 200, body: .array(rows), headers: page.headers(address, query))
    }

    /// lib/api/helpers/variables_helpers.rb, app/finders/ci/variables_finder.rb. The instance has no filter.
    private func matches(_ key: String, in index: Int, _ parameters: Parameters) throws(APIError) -> Variable? {
        let scope = containers[index].kind == .instance ? "" : parameters.text("filter[environment_scope]") ?? ""
        let found = containers[index].variables.filter {
            $0.key == key && (scope.isEmpty || $0.environmentScope == scope)
        }
        guard found.count <= 1 else { throw .severalMatch }
        return found.first
    }

    private func find(_ key: String, in index: Int, _ parameters: Parameters) throws(APIError) -> Variable {
        guard let variable = try matches(key, in: index, parameters) else {
            throw .notFound(containers[index].nounOfVariable)
        }
        return variable
    }

    private mutating func create(_ index: Int, _ parameters: Parameters) throws(APIError) -> Variable {
        try check(parameters, required: ["key", "value"], hidden: true)
        var variable = Variable(
            id: nextID(), key: (parameters.text("key") ?? "").trimmingSpace,
            value: Secret(parameters.text("value") ?? ""))
        apply(parameters, to: &variable, in: index)
        if parameters.flag("masked_and_hidden") == true, containers[index].kind != .instance, knowsHidden {
            variable.isMasked = true
            variable.isHidden = true
        }
        var mistakes = self.mistakes(of: variable, in: index)
        if let problem = fullness(index) { mistakes["base"] = [.string(problem)] }
        guard mistakes.isEmpty else { throw APIError(400, .object(mistakes)) }
        containers[index].variables.append(variable)
        return variable
    }

    private mutating func update(
        _ key: String, in index: Int, _ parameters: Parameters
    ) throws(APIError) -> Variable {
        try check(parameters, required: [], hidden: false)
        let old: Variable
        if containers[index].kind == .group {
            // Without a filter, or with one that fits none, GitLab takes the first of this key, whatever its scope
            // (lib/api/group_variables.rb, app/services/ci/change_variable_service.rb).
            let filtered = parameters.has("filter") ? try matches(key, in: index, parameters) : nil
            guard let found = filtered ?? containers[index].variables.first(where: { $0.key == key }) else {
                throw .notFound(containers[index].nounOfVariable)
            }
            old = found
        } else {
            old = try find(key, in: index, parameters)
        }
        var variable = old
        if parameters.has("value") { variable.value = Secret(parameters.text("value") ?? "") }
        apply(parameters, to: &variable, in: index)
        var mistakes = self.mistakes(of: variable, in: index)
        if old.isHidden, variable.isMasked != old.isMasked {
            mistakes["base"] = ["The visibility setting cannot be changed for masked and hidden variables."]
        }
        guard mistakes.isEmpty else { throw APIError(400, .object(mistakes)) }
        if let place = containers[index].variables.firstIndex(where: { $0.id == variable.id }) {
            containers[index].variables[place] = variable
        }
        return variable
    }

    private func apply(_ parameters: Parameters, to variable: inout Variable, in index: Int) {
        if let flag = parameters.flag("protected") { variable.isProtected = flag }
        if let flag = parameters.flag("masked") { variable.isMasked = flag }
        if let flag = parameters.flag("raw") { variable.isRaw = flag }
        if let kind = parameters.text("variable_type").flatMap(Variable.Kind.init) { variable.kind = kind }
        if parameters.has("description") { variable.description = parameters.text("description") }
        let kind = containers[index].kind
        if kind == .project || (kind == .group && premium), let scope = parameters.text("environment_scope") {
            variable.environmentScope = scope.trimmingSpace
        }
    }

    /// What Grape refuses before a model sees it, in the order in which the parameters are declared.
    private func check(_ parameters: Parameters, required: [String], hidden: Bool) throws(APIError) {
        var problems = required.filter { !parameters.has($0) }.map { $0 + " is missing" }
        for name in ["key", "value", "environment_scope", "description"] where parameters.isStructured(name) {
            problems.append(name + " is invalid")
        }
        for name in ["protected", "masked", "raw"] + (hidden ? ["masked_and_hidden"] : [])
        where parameters.holds(name) && parameters.flag(name) == nil {
            problems.append(name + " is invalid")
        }
        if parameters.holds("variable_type"), parameters.text("variable_type").flatMap(Variable.Kind.init) == nil {
            problems.append("variable_type does not have a valid value")
        }
        guard problems.isEmpty else { throw .parameters(problems) }
    }

    private func mistakes(of variable: Variable, in index: Int) -> JSONObject {
        var mistakes = variable.mistakes(in: containers[index].kind)
        let isTaken = containers[index].variables.contains {
            $0.id != variable.id && $0.key == variable.key && $0.environmentScope == variable.environmentScope
        }
        if isTaken {
            let problem = JSONValue.string("(\(variable.key)) has already been taken")
            mistakes["key"] = .array((mistakes["key"]?.array ?? []) + [problem])
        }
        return mistakes
    }

    private func fullness(_ index: Int) -> String? {
        let (limit, name) =
            switch containers[index].kind {
            case .project: (variableLimits.project, "project ci variables")
            case .group: (variableLimits.group, "group ci variables")
            case .instance: (variableLimits.instance, "ci instance level variables")
            }
        return containers[index].variables.count < limit ? nil : "Maximum number of \(name) (\(limit)) exceeded"
    }
}

extension String {
    fileprivate var trimmingSpace: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}

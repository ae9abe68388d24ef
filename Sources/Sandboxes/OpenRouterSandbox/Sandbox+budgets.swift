import FoundationEssentials
import HTTP
import JSON
import SandboxWire
import Timestamps

/// `/workspaces/{workspace_ref}/budgets`: what all keys of a workspace together may spend.
extension Sandbox {
    mutating func answerBudgets(_ workspace: Int, _ call: Call) throws(APIError) -> Reply {
        guard call.path[2] == "budgets", call.path.count < 5 else { throw .notFound }
        let owner = accounts[call.account].workspaces[workspace]
        if call.path.count == 3 {
            guard call.method == .get else { throw .notFound }
            return (200, owner.answer(.array(owner.budgets.map(\.json))))
        }
        // Null stands for the budget of a lifetime.
        let interval: JSONValue = call.path[3] == "lifetime" ? .null : .string(call.path[3])
        guard let rank = Workspace.intervals.firstIndex(of: interval) else {
            throw .invalid("interval", "must be daily, weekly, monthly or lifetime")
        }
        let place = owner.budgets.firstIndex { $0.members["reset_interval"] == interval }
        switch call.method {
        case .get:
            guard let place else { throw .notFound }
            return (200, owner.answer(owner.budgets[place].json))
        case .put: return (200, try putBudget(rank, at: place, of: workspace, call))
        case .delete:
            if let place { accounts[call.account].workspaces[workspace].budgets.remove(at: place) }
            return (200, ["deleted": true])
        default: throw .notFound
        }
    }

    /// Limits must decrease as the interval narrows.
    private mutating func putBudget(
        _ rank: Int, at place: Int?, of workspace: Int, _ call: Call
    ) throws(APIError) -> JSONValue {
        let wish = try call.object(
            .object([
                ("limit_usd", .required(.number(Double.leastNonzeroMagnitude ... .infinity))),
                ("include_byok_in_budgets", .flag),
            ]))
        var owner = accounts[call.account].workspaces[workspace]
        let limit = wish["limit_usd"]?.number ?? JSONNumber(0)
        for other in owner.budgets {
            let otherRank = Workspace.intervals.firstIndex { $0 == other.members["reset_interval"] } ?? 0
            let otherLimit = other.members["limit_usd"]?.number?.double ?? 0
            guard otherRank == rank || (otherRank < rank) == (otherLimit < limit.double),
                otherRank == rank || otherLimit != limit.double
            else { throw .invalid("limit_usd", "must decrease as the interval narrows") }
        }
        if let included = wish["include_byok_in_budgets"] { owner.settings["include_byok_in_budgets"] = included }
        var budget = place.map { owner.budgets[$0] }
        budget?.members["limit_usd"] = .number(limit)
        budget?.members["updated_at"] = .date(call.now)
        let put =
            budget
            ?? Record(members: [
                "created_at": .date(call.now), "id": .string(random.uuid()), "limit_usd": .number(limit),
                "reset_interval": Workspace.intervals[rank], "updated_at": .date(call.now),
                "workspace_id": .string(owner.id),
            ])
        if let place { owner.budgets[place] = put } else { owner.budgets.append(put) }
        accounts[call.account].workspaces[workspace] = owner
        return owner.answer(put.json)
    }
}

extension Workspace {
    /// From the narrowest to the widest.
    fileprivate static let intervals: [JSONValue] = ["daily", "weekly", "monthly", nil]

    fileprivate func answer(_ data: JSONValue) -> JSONValue {
        ["data": data, "include_byok_in_budgets": .bool(includesBYOK)]
    }
}

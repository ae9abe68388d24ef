import JSON
import PublisherKit
import Secrets

extension VercelTarget {
    /// Reads what publishing reads first, and tells what it would leave behind.
    func check(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        let project = try project()
        let look = try look(request, project)
        let shared = sharedNote(project)
        do throws(ServiceError) { try judge(look, request, project) } catch {
            guard let shared else { throw error }
            var refusal = error
            refusal.error.message += "; \(shared)"
            throw refusal
        }
        let redeploy = try redeploy(for: look.choice)
        try checkHook()
        let absence = absence(look, project)
        let written = look.choice.chosen.map { project.names.describe($0) }
        let notes = [
            written.isEmpty ? nil : "would write \(settings.variable) for \(written.joined(separator: "; "))",
            look.choice.missing.isEmpty
                ? nil : "would make \(settings.variable) for \(project.names.names(look.choice.missing))",
            absence.map { request.noteOfMaking($0) },
            left(look.choice, project), shared,
            notCompared(look.items.filter { $0.comparison == nil }.map(\.record), project),
            look.choice.chosen.contains(where: \.isManaged)
                ? "an integration made it, which may write another value" : nil,
            effect(look.choice, redeploy), redeploy == .no ? nil : Self.warning(project),
        ]
        return PublisherAnswer(.ready, message: joined(notes))
    }

    /// Compares and writes, then deploys production.
    func publish(_ secret: Secret, _ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        try checkHook()
        let project = try project()
        let written = try write(secret, request, project)
        let redeploy = try redeploy(for: written.choice)
        let told = written.told(settings.variable) ?? "\(settings.variable) holds the key already"
        var receipt = receipt(written, request)
        var notes = [
            told, written.unseen.isEmpty ? nil : notCompared(written.unseen.joined(separator: ", ")),
            effect(written.choice, redeploy),
        ]
        if redeploy != .no {
            try ServiceError.after(told) { () throws(ServiceError) in
                let deployed = try deploy(redeploy, written, project)
                for (key, value) in deployed.receipt.members { receipt[key] = value }
                notes.append(deployed.note)
            }
        }
        return PublisherAnswer(written.isUnchanged ? .unchanged : .committed, receipt: receipt, message: joined(notes))
    }

    /// Reads every record back, and whether what production serves was made with it.
    func verify(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        let project = try project()
        let look = try look(request, project)
        let receipt = WrittenReceipt(request)
        let held = look.items.filter { $0.comparison == .same }
        let others = look.items.filter { item in
            switch item.comparison {
            case .expected, .other, .nothing: true
            case .same: false
            case nil: receipt?.isWrittenSince(item.record) ?? false
            }
        }
        let unseen = look.items.filter { $0.comparison == nil }.map(\.record)
        let isNowhere = held.isEmpty && unseen.isEmpty && others.allSatisfy { $0.comparison == .nothing }
        if isNowhere { return PublisherAnswer(.absent) }
        guard others.isEmpty, look.choice.missing.isEmpty else {
            let names = others.map { project.names.describe($0.record) } + look.choice.missing.map(project.names.name)
            return PublisherAnswer(
                .mismatch, message: "\(settings.variable) is another for \(names.joined(separator: "; "))")
        }
        let redeploy = try redeploy(for: look.choice)
        let state =
            redeploy == .no
            ? nil : try requireInEffect(project, written: look.written ?? receipt?.written, receipt, request)
        guard unseen.isEmpty else {
            return PublisherAnswer(.unverifiable, message: joined([notCompared(unseen, project), state]))
        }
        return PublisherAnswer(
            .match, message: state.map { "holds the successor; \($0)" } ?? effect(look.choice, redeploy))
    }

    private func receipt(_ written: Written, _ request: PublisherRequest) -> JSONObject {
        var receipt = WrittenReceipt.object(written, request)
        if !written.isUnchanged { receipt["change"] = written.created.isEmpty ? "updated" : "created" }
        return receipt
    }

    /// Records of the name that the target does not name: whoever has them keeps the predecessor.
    private func left(_ choice: RecordChoice, _ project: Project) -> String? {
        guard !choice.left.isEmpty else { return nil }
        let names = choice.left.prefix(8).map { project.names.describe($0) }
        return "left as they are: \(names.joined(separator: "; "))"
    }

    private func notCompared(_ records: [VariableRecord], _ project: Project) -> String? {
        records.isEmpty
            ? nil : notCompared(records.map { project.names.names($0.environments) }.joined(separator: ", "))
    }

    private func notCompared(_ names: String) -> String {
        "\(names): Vercel shows a sensitive value to nobody, so that it is not compared and is written each time;"
            + " give ork-verify a probe, which asks the application"
    }

    /// How what nobody deploys here comes into effect.
    private func effect(_ choice: RecordChoice, _ redeploy: Redeploy) -> String? {
        var notes: [String] = []
        if redeploy == .no, choice.coversProduction {
            notes.append("production takes it up with its next deployment; this target does not start one")
        }
        if choice.environments.contains(where: { ![.production, .development].contains($0) }) {
            notes.append("other deployments than production's take it up when they are made anew")
        }
        return notes.isEmpty ? nil : joined(notes)
    }
}

/// What the receipt of a target says of its records, if it is about the key of the request.
struct WrittenReceipt {
    /// When the last of them was written, by Vercel's clock, in milliseconds. Only where Vercel itself shows no moment: whoever
    /// publishes can write anything here.
    let written: Int?
    let deployment: ServiceID?
    let isByHook: Bool
    private let moments: JSONObject

    init?(_ request: PublisherRequest) {
        guard let receipt = request.receipt, receipt["written_for"]?.string == request.digest.description else {
            return nil
        }
        moments = receipt["records"]?.object ?? [:]
        written = receipt["written"]?.integer
        deployment = ServiceID(receipt["deployment"]?.string)
        isByHook = receipt["redeployed"] == "hook"
    }

    /// Whether somebody has written after us, by the time that Vercel shows.
    func isWrittenSince(_ record: VariableRecord) -> Bool {
        guard let ours = moments[record.id.description]?.integer, let shown = record.updatedAt else { return false }
        return shown != ours
    }

    static func object(_ written: VercelTarget.Written, _ request: PublisherRequest) -> JSONObject {
        var moments: JSONObject = [:]
        for (id, moment) in written.moments.sorted(by: { $0.key.description < $1.key.description }) {
            moments[id.description] = .number(JSONNumber(moment))
        }
        var receipt: JSONObject = ["records": .object(moments), "written_for": .string(request.digest.description)]
        receipt["written"] = written.moments.values.max().map { .number(JSONNumber($0)) }
        return receipt
    }
}

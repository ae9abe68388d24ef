import OpenRouter
import Rotation
import Secrets

/// Where keys are named by their hash: all lists of the workspaces that matter, with all their pages.
///
/// They are read with other things in one batch, by `questions` and `Reading`, and what is behind a first page in a second.
struct KeyReferences: Sendable {
    private(set) var lists: [KeyList] = []
    private(set) var destinations: [ObservabilityDestination] = []
    private(set) var workspaces: [Workspace] = []
    /// Those of the workspaces that were asked about.
    private(set) var guardrails: [Guardrail] = []
    /// What could not be read.
    private(set) var unread: [Unread] = []

    struct Unread: Sendable {
        let kind: KeyList.Kind
        let error: OpenRouterError

        /// Whether OpenRouter does not show it to this account at all. Any other failure may be over in a minute.
        var isForGood: Bool { [.forbidden, .notFound].contains(error.code) }
    }

    /// What is asked about.
    enum Subject: Sendable, CaseIterable {
        case assignments, byok, observability
        // The rest only helps people to understand.
        case guardrails, workspaces

        var kind: KeyList.Kind? {
            switch self {
            case .assignments: .guardrail
            case .byok: .byok
            case .observability: .observability
            case .guardrails, .workspaces: nil
            }
        }
    }

    /// One list of lists to be read, and of which workspace.
    struct Question: Sendable {
        let subject: Subject
        let workspace: String?
        /// Asked only for what is in no workspace, and so in every one.
        let isForAll: Bool

        func call(_ api: ManagementAPI, offset: Int = 0) -> APICall<Answer> {
            switch subject {
            case .assignments: api.guardrailAssignments(offset: offset).map { .assignments($0) }
            case .byok: api.byokKeys(workspace: workspace, offset: offset).map { .byok($0) }
            case .observability:
                api.observabilityDestinations(workspace: workspace, offset: offset).map { .observability($0) }
            case .guardrails: api.guardrails(workspace: workspace, offset: offset).map { .guardrails($0) }
            case .workspaces: api.workspaces(offset: offset).map { .workspaces($0) }
            }
        }
    }

    enum Answer: Sendable {
        case assignments(Page<GuardrailAssignment>)
        case byok(Page<BYOKKey>)
        case observability(Page<ObservabilityDestination>)
        case guardrails(Page<Guardrail>)
        case workspaces(Page<Workspace>)

        var furtherOffsets: [Int] {
            switch self {
            case .assignments(let page): page.furtherOffsets
            case .byok(let page): page.furtherOffsets
            case .observability(let page): page.furtherOffsets
            case .guardrails(let page): page.furtherOffsets
            case .workspaces(let page): page.furtherOffsets
            }
        }
    }

    /// What to ask about the keys of a workspace. A list that is in no workspace is for all, and OpenRouter is not documented to
    /// show it in others than the default one.
    static func questions(_ subjects: [Subject], workspace: String?) -> [Question] {
        subjects.flatMap { subject in
            let question = Question(subject: subject, workspace: workspace, isForAll: false)
            let hasWorkspaces = ![.assignments, .workspaces].contains(subject)
            return workspace == nil || !hasWorkspaces
                ? [question] : [question, Question(subject: subject, workspace: nil, isForAll: true)]
        }
    }

    /// Reads the lists of some kinds, in one batch.
    static func read(
        _ kinds: [KeyList.Kind], of account: ManagedAccount, workspace: String?
    ) throws(StepError) -> KeyReferences {
        let subjects = Subject.allCases.filter { $0.kind.map(kinds.contains) ?? false }
        let questions = questions(subjects, workspace: workspace)
        var reading = Reading()
        let answers = account.client.send(all: questions.map { $0.call(account.api) })
        for (question, answer) in zip(questions, answers) { try reading.take(answer.map(\.value), to: question) }
        return try reading.readOn(account)
    }
}

extension KeyReferences {
    /// Collects the answers.
    struct Reading {
        private var answers: [(question: Question, answer: Answer)] = []
        private var unread: [Unread] = []

        mutating func take(_ answer: Result<Answer, OpenRouterError>, to question: Question) throws(StepError) {
            switch answer {
            case .success(let answer): answers.append((question, answer))
            case .failure(let error):
                guard error.code != .unauthorized else { throw StepError(error) }
                guard let kind = question.subject.kind else { return }
                // An account may have deleted its default workspace.
                if question.isForAll, error.code == .invalid { return }
                unread.append(Unread(kind: kind, error: error))
            }
        }

        /// Reads the pages behind the first ones, and answers what is in all of them.
        mutating func readOn(_ account: ManagedAccount) throws(StepError) -> KeyReferences {
            let further = answers.flatMap { question, answer in answer.furtherOffsets.map { (question, $0) } }
            let results = account.client.send(all: further.map { $0.0.call(account.api, offset: $0.1) })
            for ((question, _), result) in zip(further, results) { try take(result.map(\.value), to: question) }
            return KeyReferences(answers, unread: unread)
        }
    }

    private init(_ answers: [(question: Question, answer: Answer)], unread: [Unread]) {
        self.unread = unread
        var assignments: [GuardrailAssignment] = []
        for (question, answer) in answers {
            switch answer {
            case .assignments(let page): assignments += page.rows
            case .guardrails(let page): guardrails += page.rows
            case .workspaces(let page): workspaces += page.rows
            case .byok(let page):
                add(page.rows.filter { !question.isForAll || $0.workspaceID == nil }.map { KeyList($0) })
            case .observability(let page):
                let rows = page.rows.filter { !question.isForAll || $0.workspaceID == nil }
                destinations += rows.filter { row in !destinations.contains { $0.id == row.id } }
                add(rows.map { KeyList($0) })
            }
        }
        for (id, rows) in Dictionary(grouping: assignments, by: \.guardrailID).sorted(by: { $0.key < $1.key }) {
            let guardrail = guardrails.first { $0.id == id }
            add([
                KeyList(
                    kind: .guardrail, id: id, name: guardrail?.name ?? id, workspaceID: guardrail?.workspaceID,
                    hashes: rows.map(\.keyHash))
            ])
        }
    }

    /// A list for all workspaces may be shown in several.
    private mutating func add(_ others: [KeyList]) {
        lists += others.filter { other in !lists.contains { $0.kind == other.kind && $0.id == other.id } }
    }
}

extension KeyList {
    /// The list for people: `BYOK provider key openai`.
    var title: String { "\(kind.noun) \(name)" }
}

extension KeyList.Kind {
    var noun: String {
        switch self {
        case .guardrail: "guardrail"
        case .byok: "BYOK provider key"
        case .observability: "observability destination"
        }
    }

    /// All of the kind, as they are listed.
    var listing: String { self == .guardrail ? "guardrail assignments" : noun + "s" }
}

extension Plan.References {
    /// What becomes of the lists of a kind.
    subscript(kind: KeyList.Kind) -> Plan.Reference {
        switch kind {
        case .guardrail: guardrail
        case .byok: byok
        case .observability: observability
        }
    }
}

extension State {
    /// The kinds of lists of which a successor has to be in those that name its predecessor.
    var guardedReferences: [KeyList.Kind] {
        ignoresReferences ? [] : KeyList.Kind.allCases.filter { plan.successor.references[$0] != .ignore }
    }
}

import FoundationEssentials
import JSON
import PublisherKit
import Secrets

/// A Cloud Run service, as far as what it serves is concerned.
struct ServiceState {
    /// What part of the requests goes to a revision.
    struct Traffic {
        let revision: RevisionName
        let percent: Int
    }

    /// How it names a secret's version.
    enum Reference: Hashable {
        /// The newest, whenever an instance starts or a file is read.
        case latest
        /// This one, whatever comes after it.
        case pinned(String)
    }

    let service: RunService
    let etag: String
    /// What revisions are made from.
    let template: JSONObject
    /// Grows with each change of what is wished.
    let generation: Int?
    /// Whether the service is being brought to what is wished.
    let isMoving: Bool
    let isFailed: Bool
    /// Google's words for why.
    let words: String?
    let latestCreated: RevisionName?
    let traffic: [Traffic]
    /// Whether a new revision gets all requests by itself.
    let followsLatest: Bool

    /// Throws where it is none by Google's discovery document.
    init(_ service: RunService, _ object: AnswerObject) throws(ServiceError) {
        self.service = service
        etag = try object.string("etag")
        template = try object.required("template", \.object, "an object")
        generation = object["generation"]?.string.flatMap { Int($0) }
        isMoving = object["reconciling"] == true
        let condition = object["terminalCondition"]
        isFailed = condition?["state"] == "CONDITION_FAILED"
        words = condition?["message"]?.string.map { DisplayText.line(Redactor().redacting($0)) }
        latestCreated = RevisionName(object["latestCreatedRevision"]?.string)
        let latestReady = RevisionName(object["latestReadyRevision"]?.string)
        var traffic: [Traffic] = []
        for status in object["trafficStatuses"]?.objects ?? [] {
            guard let percent = status["percent"]?.integer, percent > 0 else { continue }
            guard let revision = RevisionName(status["revision"]?.string) ?? latestReady else {
                throw object.error("trafficStatuses", isNot: "a list of revisions")
            }
            traffic.append(Traffic(revision: revision, percent: percent))
        }
        if traffic.isEmpty, let latestReady { traffic = [Traffic(revision: latestReady, percent: 100)] }
        self.traffic = traffic
        let wishes = (object["traffic"]?.objects ?? []).filter { ($0["percent"]?.integer ?? 0) > 0 }
        followsLatest = wishes.allSatisfy { $0["type"] == "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST" }
    }

    /// How its containers, by variables and by files, name the secret.
    func references(to secret: String, in project: String) -> Set<Reference> {
        var references: Set<Reference> = []
        func isOurs(_ name: String?) -> Bool {
            guard let parts = name?.split(separator: "/").map(String.init), parts.last == secret else { return false }
            guard parts.count > 1 else { return project == service.project }
            guard parts.count == 4 else { return false }
            // A project has an id and a number, and whether this one has that one cannot be told.
            let isNumber = { (text: String) in text.utf8.allSatisfy(\.isASCIIDigit) }
            return parts[1] == project || isNumber(parts[1]) != isNumber(project)
        }
        for container in template["containers"]?.objects ?? [] {
            for variable in container["env"]?.objects ?? [] {
                guard let source = variable["valueSource"]?["secretKeyRef"], isOurs(source["secret"]?.string) else {
                    continue
                }
                references.insert(Self.reference(source["version"]?.string))
            }
        }
        for volume in template["volumes"]?.objects ?? [] {
            guard let source = volume["secret"], isOurs(source["secret"]?.string) else { continue }
            let items = source["items"]?.objects ?? []
            if items.isEmpty { references.insert(.latest) }
            for item in items { references.insert(Self.reference(item["version"]?.string)) }
        }
        return references
    }

    private static func reference(_ version: String?) -> Reference {
        guard let version, version != "latest", !version.isEmpty else { return .latest }
        return .pinned(DisplayText.line(version, limit: 40))
    }
}

/// The name of a revision within its service.
struct RevisionName: Hashable, CustomStringConvertible {
    let description: String

    /// Takes it as it is, or the last part of its whole name. `nil` for what no name looks like, and for what holds a key.
    init?(_ text: String?) {
        guard let name = text?.split(separator: "/").last, (1...63).contains(name.utf8.count),
            name.utf8.allSatisfy({ $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "-") }), !Self.keys.contains(name.utf8)
        else { return nil }
        description = String(name)
    }

    private static let keys = Redactor()
}

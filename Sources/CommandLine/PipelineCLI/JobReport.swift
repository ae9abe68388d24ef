import JSON
import Rotation
import Secrets
import StepCLI
import Timestamps

/// Where a rotation stands, for the jobs of a pipeline.
enum Standing: Hashable, Sendable, CustomStringConvertible {
    case turn(Turn)
    /// The step has said "not yet", or has failed.
    case wait
    /// This pipeline has heard of no rotation.
    case unknown

    init?(_ text: String) {
        switch text {
        case "wait": self = .wait
        case "none": self = .unknown
        default:
            guard let turn = Turn(rawValue: text) else { return nil }
            self = .turn(turn)
        }
    }

    var description: String {
        switch self {
        case .turn(let turn): turn.rawValue
        case .wait: "wait"
        case .unknown: "none"
        }
    }
}

/// What a job tells those after it: names and digests, nothing that anybody evaluates.
///
/// Nobody has signed it. Whoever reads it asks for no more than it says: see `PipelineSettings`.
struct JobReport: Hashable, Sendable {
    var standing: Standing
    var rotation: RotationID?
    var head: Digest?
    var deployment: DeploymentTurn?
    var seen: PipelineSettings.Seen?

    init(_ standing: Standing) { self.standing = standing }

    /// Of what is recorded, if anything is.
    init(_ standing: Standing, of state: State?) {
        self.standing = standing
        rotation = state?.header.id
        head = state?.head
        deployment = state.map { standing == .wait ? .none : $0.deployment(at: SystemClock().now) }
    }

    /// Reads what another job has left; `nil` for anything else.
    init?(parsing bytes: [UInt8]) {
        guard let json = try? JSONValue(parsing: bytes),
            let standing = json["turn"]?.string.flatMap({ Standing($0) })
        else { return nil }
        self.standing = standing
        rotation = json["rotation"]?.string.flatMap(RotationID.init)
        head = json["head"]?.string.flatMap { Digest($0) }
        deployment = json["deploy"]?.string.flatMap(DeploymentTurn.init)
        seen = json["seen"]?.string.flatMap { PipelineSettings.Seen($0) }
    }

    /// Its parts by their names.
    var parts: [(name: String, value: String)] {
        let parts: [(String, String?)] = [
            ("turn", standing.description), ("rotation", rotation?.description), ("head", head?.description),
            ("deploy", deployment?.rawValue), ("seen", seen?.description),
        ]
        return parts.compactMap { name, value in value.map { (name, $0) } }
    }

    /// The file's content.
    var bytes: [UInt8] {
        var json: JSONObject = [:]
        for (name, value) in parts { json[name] = .string(value) }
        return JSONValue.object(json).bytes(.compact) + [0x0A]
    }
}

import FoundationEssentials
import PublisherPlugin
import Secrets
import ServiceClient
import Timestamps

extension Companion {
    /// What the secret holds, as far as this rotation is concerned.
    enum Held {
        case successor
        /// Nothing, a predecessor, or what an earlier try of this rotation wrote.
        case replaceable
    }

    /// How much the clocks of ork and of GitHub may differ.
    private static let skew: TimeInterval = 300

    /// Tells what the secret holds, and refuses to let a value go that this rotation does not know. `writtenAt` is
    /// `nil` if there is no secret.
    func judge(
        _ writtenAt: Date?, for request: PublisherRequest, _ settings: SecretSettings, variable: SecretName
    ) throws(PublisherError) -> Held {
        let ours = RotationTime(request.rotation)
        if let ours, let theirs = RotationTime(rotation), theirs.isLater(than: ours) {
            throw PublisherError(
                .conflict, "\(settings.secret) was written by a later rotation (\(theirs.text))",
                hint: "finish that one; to write all the same, delete the variable \(variable)",
                field: "with.companion")
        }
        guard let writtenAt else { return .replaceable }
        guard writtenAt == updatedAt else {
            // Written since then: by an earlier try of this rotation that was cut off, or by somebody else. One that
            // wrote the companion too had finished.
            let isFinished = rotation == request.rotation && digest == request.digest
            let isInTime = ours.map { writtenAt > $0.beginning.addingTimeInterval(-Self.skew) } ?? false
            let mayBeOurs = isInTime && !isFinished
            guard request.expect == nil || mayBeOurs else {
                throw PublisherError(
                    .conflict,
                    "\(settings.secret) was written at \(writtenAt.rfc3339), after the variable \(variable), by something else",
                    hint: "find out what writes it; to write all the same, delete the variable \(variable)",
                    field: "with.name")
            }
            return .replaceable
        }
        if digest == request.digest { return .successor }
        guard request.expect?.contains(digest) ?? true else {
            throw PublisherError(
                .conflict, "\(settings.secret) holds a value that this rotation does not know",
                hint: "look whether name and place are right and whether another rotation writes there;"
                    + " to write all the same, delete the variable \(variable)", field: "with.name")
        }
        return .replaceable
    }
}

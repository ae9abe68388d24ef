import Documents
import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import Sodium
import TargetDocuments

/// Writes one named value into a file and leaves everything else in it alone.
@main
struct FilePublisher: Publisher {
    var information: PublisherInformation {
        PublisherInformation(
            with: .init(required: ["path"], optional: ["name", "format", "mode", "create"]), paths: ["path"],
            readback: .value,
            rollback: .value, batch: true)
    }

    var concurrency: Int { 4 }

    func check(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer {
        let settings = try FileSettings(request.with)
        let target = try TargetFile(settings.path)
        let content = try target.read()
        let document = try settings.document(content)
        if let held = try settings.place.value(in: document) { _ = try judge(held, request, settings) }
        // Whether a key can be written there; the successor does not exist yet. Keys look like this one.
        _ = try settings.place.replacing(in: document, with: Secret("sk-or-v1-" + String(repeating: "0", count: 64)))
        try target.checkWritable(content)
        return PublisherAnswer(
            .ready, receipt: receipt(target, settings), message: settings.exposure(content).map { "ready; \($0)" })
    }

    func publish(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer {
        let settings = try FileSettings(request.with)
        let secret = try request.requireSecret()
        let target = try TargetFile(settings.path)
        try target.lock(until: request.deadline)
        try target.removeLeftovers()
        let content = try target.read()
        let document = try settings.document(content)
        if let held = try settings.place.value(in: document), try judge(held, request, settings) == .successor {
            // An earlier run may have been killed after its rename: the answer says that the value stays.
            try target.synchronize()
            return PublisherAnswer(
                .unchanged, receipt: receipt(target, settings), message: settings.exposure(content))
        }
        let bytes = try settings.place.replacing(in: document, with: secret)
        try target.checkWritable(content)
        guard request.deadline > Date() else {
            throw PublisherError(.unavailable, "the deadline has passed", hint: "run the step again")
        }
        let receipt = receipt(target, settings)
        if let doubt = try target.replace(content, with: bytes, mode: settings.mode) {
            return PublisherAnswer(.unknown(doubt), receipt: receipt)
        }
        let name = settings.place.name.map { "\($0) to " } ?? ""
        let notes = ["wrote \(name)\(target.path)", settings.exposure(content)].compactMap(\.self)
        return PublisherAnswer(.committed, receipt: receipt, message: notes.joined(separator: "; "))
    }

    func verify(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer {
        let settings = try FileSettings(request.with)
        let target = try TargetFile(settings.path)
        guard let content = try target.read() else { return PublisherAnswer(.absent) }
        guard let held = try settings.place.value(in: settings.document(content)) else {
            return PublisherAnswer(.absent)
        }
        return PublisherAnswer(Digest(of: held) == request.digest ? .match : .mismatch)
    }

    private enum Held {
        case successor, predecessor
    }

    /// Tells whose value the file holds, and refuses one that this rotation does not know.
    private func judge(
        _ held: Secret, _ request: PublisherRequest, _ settings: FileSettings
    ) throws(PublisherError) -> Held {
        switch request.compare(held: held) {
        case .same: return .successor
        case .nothing, .expected: return .predecessor
        case .other:
            throw PublisherError(
                .conflict, "\(settings.place.description) holds a value that this rotation does not know",
                hint: "check that path and name are right and that no other rotation writes there",
                field: settings.place.field)
        }
    }

    private func receipt(_ target: borrowing TargetFile, _ settings: FileSettings) -> JSONObject {
        ["path": .string(target.path), "format": .string(settings.place.format.rawValue)]
    }
}

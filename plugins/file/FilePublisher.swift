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
            with: .init(required: ["path"], optional: ["name", "format", "mode", Settings.create]), paths: ["path"],
            readback: .value,
            rollback: .value, batch: true)
    }

    var concurrency: Int { 4 }

    func check(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer {
        let settings = try FileSettings(request.with)
        let target = try TargetFile(settings.path)
        let content = try target.read()
        let document = try settings.document(content)
        let isMade = try judge(document, content, target, request, settings) == .nothing
        // Whether a key can be written there; the successor does not exist yet. Keys look like this one.
        _ = try settings.place.replacing(in: document, with: Secret("sk-or-v1-" + String(repeating: "0", count: 64)))
        try target.checkWritable(content)
        let making = isMade ? "would make \(settings.place.name.map { "\($0) in " } ?? "")\(target.path)" : nil
        let news = isMade ? request.noteOfMaking(absence(content, target, settings)) : nil
        let exposure = settings.exposure(content)
        let notes = [making ?? (exposure == nil ? nil : "ready"), news, exposure].compactMap(\.self)
        return PublisherAnswer(
            .ready, receipt: receipt(target, settings), message: notes.isEmpty ? nil : notes.joined(separator: "; "))
    }

    func publish(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer {
        let settings = try FileSettings(request.with)
        let secret = try request.requireSecret()
        let target = try TargetFile(settings.path)
        try target.lock(until: request.deadline)
        try target.removeLeftovers()
        let content = try target.read()
        let document = try settings.document(content)
        let held = try judge(document, content, target, request, settings)
        if held == .same {
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
        let (verb, into) = held == .nothing ? ("made", "in") : ("wrote", "to")
        let name = settings.place.name.map { "\($0) \(into) " } ?? ""
        let notes = ["\(verb) \(name)\(target.path)", settings.exposure(content)].compactMap(\.self)
        return PublisherAnswer(.committed, receipt: receipt, message: notes.joined(separator: "; "))
    }

    func verify(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer {
        let settings = try FileSettings(request.with)
        let target = try TargetFile(settings.path)
        switch request.compare(held: try settings.place.value(in: settings.document(target.read()))) {
        case .same: return PublisherAnswer(.match)
        case .nothing: return PublisherAnswer(.absent)
        case .expected, .other: return PublisherAnswer(.mismatch)
        }
    }

    /// Tells what the file holds, and refuses a value that this rotation does not know, and to make what nobody said
    /// was to be made.
    private func judge(
        _ document: Document, _ content: TargetFile.Content?, _ target: borrowing TargetFile,
        _ request: PublisherRequest, _ settings: FileSettings
    ) throws(PublisherError) -> Comparison {
        let comparison = request.compare(held: try settings.place.value(in: document))
        switch comparison {
        case .same, .expected: return comparison
        case .nothing:
            let refusal = request.refusalToMake(
                absence(content, target, settings), field: content == nil ? "with.path" : settings.place.field)
            if let refusal { throw refusal }
            return comparison
        case .other:
            throw PublisherError(
                .conflict, "\(settings.place.description) holds a value that this rotation does not know",
                hint: "check that path and name are right",
                field: settings.place.field)
        }
    }

    private func absence(
        _ content: TargetFile.Content?, _ target: borrowing TargetFile, _ settings: FileSettings
    ) -> String {
        content == nil ? "no file \(target.path)" : "no value at \(settings.place.description)"
    }

    private func receipt(_ target: borrowing TargetFile, _ settings: FileSettings) -> JSONObject {
        ["path": .string(target.path), "format": .string(settings.place.format.rawValue)]
    }
}

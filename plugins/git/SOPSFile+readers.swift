import PublisherKit
import Secrets
import Sodium
import TargetDocuments

/// Who may read what is written. The branch does not decide that: whoever may push to it could name themselves.
///
/// With `recipients`, the file has exactly these readers, before and after, and a new data key: the one in the file
/// may be known to others than it names. Without, the readers of the predecessor stay, with the data key that only they
/// have, as far as nobody has changed them since ork wrote it.
extension SOPSFile {
    func checkReaders(
        of file: RepositoryFile, since ours: () throws(PublisherError) -> [OwnVersion]
    ) throws(PublisherError) {
        guard let bytes = file.bytes, let found = SOPSMetadata(bytes, place.format) else { return }
        if recipients != nil { return try requireRecipients(found) }
        for version in try ours() {
            let before = SOPSMetadata(version.bytes, place.format)
            guard let before, before != found else { continue }
            let (came, went) = (found.readers.subtracting(before.readers), before.readers.subtracting(found.readers))
            let changes = [
                came.isEmpty ? nil : "it is encrypted for \(came.names) now",
                went.isEmpty ? nil : "no longer for \(went.names)",
                came.isEmpty && went.isEmpty ? "its key groups or their threshold are others" : nil,
            ]
            let change = changes.compactMap(\.self).joined(separator: ", ")
            throw PublisherError(
                .configuration,
                "the readers of \(place.path) have changed since commit \(version.commit.prefix(12)): \(change)",
                hint: "look at who did that; "
                    + (found.groups.count > 1
                        ? "then put the key groups back, or keep the key in a file that has none"
                        : "if it is right, name all readers: recipients: [\(found.readers.names)]"),
                field: "with.recipients")
        }
    }

    /// Refuses a file that does not have exactly the readers that the plan names.
    func requireRecipients(_ found: SOPSMetadata) throws(PublisherError) {
        guard let recipients else { return }
        func error(_ message: String, hint: String) -> PublisherError {
            PublisherError(.configuration, message, hint: hint, field: "with.recipients")
        }
        let foreign = found.readers.subtracting(recipients)
        guard foreign.isEmpty else {
            throw error(
                "\(place.path) is encrypted for \(foreign.names), which 'recipients' does not list",
                hint:
                    "add it to 'recipients' if it may read the key; if not, take it out with sops and see who put it in"
            )
        }
        guard found.groups.count <= 1 else {
            throw error(
                "\(place.path) has key groups, and 'recipients' cannot say how many of them it takes",
                hint: "leave 'recipients' out, or keep the key in a file that has none")
        }
        let missing = Set(recipients).subtracting(found.readers)
        guard missing.isEmpty else {
            throw error(
                "\(place.path) is not encrypted for \(missing.names), which 'recipients' lists",
                hint: "add it with 'sops rotate', or take it off the list")
        }
    }

    /// Refuses to choose readers by what the branch says.
    func requireNamedReaders(_ file: RepositoryFile, _ opened: OpenedFile) throws(PublisherError) {
        guard recipients == nil else { return }
        let reason: String
        switch opened {
        case .missing: reason = "the file is not there yet"
        case .sealed: reason = "the file cannot be decrypted here"
        case .plaintext(_, let value):
            // Who does not know the predecessor cannot have encrypted it, and has not made the data key that it has.
            if let value, request.knows(value) { return }
            reason = "the file holds no key of this rotation there"
        }
        let found = file.bytes.flatMap { SOPSMetadata($0, place.format) }?.readers.names
        throw PublisherError(
            .configuration, "whoever may push to the branch could choose who reads \(place.description): \(reason)",
            hint: found.map { "name its readers; if these are right: recipients: [\($0)]" }
                ?? "name its readers, as in recipients: [age1…, age1…]", field: "with.recipients")
    }
}

extension PublisherRequest {
    /// Whether a value is certainly a key of this rotation. A check before there is a rotation knows none, and takes
    /// any.
    fileprivate func knows(_ value: Secret) -> Bool {
        expect?.contains { $0.key(in: value) != nil } ?? (rotation.isEmpty && secret == nil)
    }
}

/// The file as a commit has it that says it wrote a key of this rotation. Others can add such a commit, and hide none.
struct OwnVersion {
    let commit: String
    let bytes: [UInt8]
}

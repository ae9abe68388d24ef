import PublisherPlugin
import TargetDocuments

extension SOPSFile {
    /// A copy of the encrypted file and of the rules for it, as they lie in the repository.
    struct Copy {
        let file: String
        let hasRules: Bool
        /// `sops`, with the rules of the repository and no others: it would look for some in every folder above.
        let command: [String]
    }

    func stage(_ file: RepositoryFile) throws(PublisherError) -> Copy {
        let folder = try file.stage.folder("sops")
        let copy = "\(folder)/\(place.path)"
        try Stage.write(file.bytes ?? [], to: copy)
        let rules = file.rules.map { "\(folder)/\($0.path)" }
        if let rules, let bytes = file.rules?.bytes { try Stage.write(bytes, to: rules) }
        return Copy(
            file: copy, hasRules: rules != nil, command: ["sops", "--config", rules ?? "/dev/null"])
    }
}

import Rotation
import Secrets
package import Steps
import SystemPackage

/// An identity for each environment of a pipeline, in a new folder until it is stored where its jobs alone can read it.
///
/// Stages that hold the same secrets share one, as nothing would keep two of them apart: *create* and *retire* have the
/// management key, *publish* and *verify* the successor and the targets' tokens.
/// *rollback* has all of these, and an identity of its own: that of *manage* opens no key, and that of *publish* takes none away.
package struct StageIdentities {
    /// The environments, and the stages whose jobs run there.
    private static let stages: KeyValuePairs<String, [StepName]> = [
        "manage": [.create, .retire], "publish": [.publish, .verify], "approve": [.approve],
        "rollback": [.rollback],
    ]

    /// `trust` for `ork.yaml`, with the public halves; none where one identity signs everything.
    package let trust: String?
    /// The files of the folder, by their names in it: only its owner may read them.
    package let files: [(name: String, content: [UInt8])]

    /// Makes the identities, and writes nothing.
    package init() throws(StepError) {
        var identities: [(name: String, identity: Identity)] = []
        var signers: [StepName: PublicIdentity] = [:]
        for (name, steps) in Self.stages {
            let identity: Identity
            do { identity = try Identity.generate() } catch { throw StepError(error) }
            identities.append((name, identity))
            for step in steps { signers[step] = identity.publicIdentity }
        }
        let lines = StepName.allCases.compactMap { step in signers[step].map { "  \(step.rawValue): [\($0)]" } }
        trust = (["trust:"] + lines).joined(separator: "\n")
        files = [Self.ignored] + identities.map { Self.file($0.name, $0.identity) }
    }

    /// Makes the one identity of a pipeline that has but one job. It trusts itself and nobody else.
    package init(ofOneJob: ()) throws(StepError) {
        do { files = [Self.ignored, Self.file("rotate", try Identity.generate())] } catch { throw StepError(error) }
        trust = nil
    }

    // Whoever adds all files to a repository does not add these.
    private static let ignored = (name: ".gitignore", content: Array("*\n".utf8))

    private static func file(_ name: String, _ identity: Identity) -> (name: String, content: [UInt8]) {
        (name, identity.text.copyBytes() + [0x0A])
    }

    /// Makes the identities and a folder for them that must not exist.
    package init(in folder: String) throws(StepError) {
        try self.init()
        do {
            try DurableFile.makeDirectory(folder)
            for (name, content) in files { _ = try DurableFile("\(folder)/\(name)").create(content) }
        } catch {
            if error == .fileExists {
                throw StepError(
                    .usage, "\(folder) exists",
                    hint: "an identity is never overwritten: name another folder with --output")
            }
            throw StepError(
                .failed, "the identities cannot be written to \(folder): \(error)",
                hint: "remove what is there of them, and name another folder with --output")
        }
    }
}

package import Configuration
import FoundationEssentials
package import Rotation
package import Steps
import SystemPackage
import Wording

extension ConfigurationFile {
    /// This stage's `ork.yaml`, named or not, if it has one.
    static func found(_ config: String?) -> String? {
        config ?? (FileManager.default.fileExists(atPath: standardName) ? standardName : nil)
    }

    private static let standardName = "ork.yaml"

    /// The rotation that this stage's `ork.yaml` describes, if it has one.
    ///
    /// `config` and `name` are what the user gave; `rotation` is what the handoff says.
    static func load(
        _ config: String?, named name: String?, rotation: PlanName?
    ) throws(StepError) -> RotationConfiguration? {
        let path = config ?? standardName
        guard let bytes = try read(path, mustExist: config != nil) else {
            // Whoever wrote it means it to count.
            guard let other = Self.near(path, isOtherwiseSpelled: true) else { return nil }
            throw StepError(
                .unacceptable, "\(DurableFile(path).absence), but there is \(other)",
                hint: "rename it, or name it with --config \(ShellWord(other))")
        }
        var wanted = rotation
        if let name {
            guard let name = PlanName(name) else {
                throw StepError(
                    .usage, "--rotation is not the name of a rotation", hint: "use letters, digits and . _ - /")
            }
            wanted = name
        }
        let file = try parse(bytes, path)
        // A handoff that is written for another rotation would otherwise get past the gates of this one.
        if name == nil, let rotation, !file.rotations.contains(where: { $0.name == rotation }) {
            throw StepError(handoffOf: rotation, outside: path)
        }
        do { return try file.rotation(named: wanted) } catch { throw StepError(error) }
    }

    /// The whole file, with all of its rotations.
    package static func load(_ path: String) throws(StepError) -> ConfigurationFile {
        guard let bytes = try read(path, mustExist: true) else { throw unreadable(path, .noSuchFileOrDirectory) }
        return try parse(bytes, path)
    }

    /// The same as far as it can be read, and all that is wrong with it.
    static func loadWhatCanBeRead(
        _ path: String
    ) throws(StepError) -> (file: ConfigurationFile?, problems: [ConfigurationError]) {
        guard let bytes = try read(path, mustExist: true) else { throw unreadable(path, .noSuchFileOrDirectory) }
        return readingAll(bytes, name: path)
    }

    private static func parse(_ bytes: [UInt8], _ path: String) throws(StepError) -> ConfigurationFile {
        do { return try ConfigurationFile(parsing: bytes, name: path) } catch { throw StepError(error) }
    }

    private static func read(_ path: String, mustExist: Bool) throws(StepError) -> [UInt8]? {
        do { return try DurableFile(path).read(limit: sizeLimit) } catch {
            if error == .fileTooLarge { throw StepError(.tooLarge(path), hint: "name the right one: --config FILE") }
            guard !mustExist, error == .noSuchFileOrDirectory else { throw unreadable(path, error) }
            return nil
        }
    }

    private static func unreadable(_ path: String, _ error: Errno) -> StepError {
        guard error == .noSuchFileOrDirectory else {
            return StepError(
                .unacceptable, "\(path) cannot be read: \(DurableFile.problem(error))",
                hint: "name the configuration: --config FILE")
        }
        let near = near(path)
        return StepError(
            .unacceptable, DurableFile(path).absence + (near.map { "; did you mean \($0)?" } ?? ""),
            hint: near.map { "name it: --config \(ShellWord($0))" }
                ?? "work in the folder that has it, or name it: --config FILE")
    }

    /// A configuration beside the one that is not there, of a name that may have been meant.
    private static func near(_ path: String, isOtherwiseSpelled: Bool = false) -> String? {
        guard let stem = FilePath(path).stem else { return nil }
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: DurableFile(path).folder.string)) ?? []
        let files = entries.map { FilePath($0) }.filter { ["yaml", "yml"].contains($0.extension) }
        let folder = FilePath(path).removingLastComponent()
        func beside(_ name: FilePath) -> String { folder.pushing(name).string }
        if let same = files.first(where: { $0.stem?.lowercased() == stem.lowercased() }) { return beside(same) }
        guard !isOtherwiseSpelled, let near = NearNames(to: stem, among: files.compactMap(\.stem)).names.first else {
            return nil
        }
        return files.first { $0.stem == near }.map(beside)
    }
}

extension Trust {
    /// Whom a job believes that finds the handoffs of others: by the `ork.yaml` of its own checkout, and where that names
    /// nobody for a step, its own identity.
    package init(
        ofStage environment: StepEnvironment, rotation: PlanName, config: String?,
        tell: @escaping (Announcement) -> Void
    ) throws(StepError) {
        let configured = try ConfigurationFile.load(config, named: rotation.description, rotation: nil)?.trust
        // Whoever may retire may roll back, unless somebody is named for that.
        let isComplete = StepName.allCases.allSatisfy { configured?[$0] != nil || $0 == .rollback }
        let own = isComplete ? nil : try IdentityStore(environment, tell: tell).identity().publicIdentity
        try self.init([], configured, own: own)
    }

    /// Trust by `ork.yaml` and `--trust STEP=IDENTITY`; this stage's own identity where neither says anything.
    init(
        _ flags: [String], _ configured: [StepName: Set<PublicIdentity>]?, own: PublicIdentity?
    ) throws(StepError) {
        var named: [StepName: Set<PublicIdentity>] = [:]
        for flag in flags {
            let parts = flag.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let step = StepName(rawValue: parts[0]), let identity = PublicIdentity(parts[1])
            else {
                throw StepError(
                    .usage,
                    "--trust: must be STEP=ork-public-1:…, a whole public identity, where STEP is "
                        + StepName.allCases.map(\.rawValue).inWords("or"),
                    hint: "`ork-keygen --public < IDENTITY_FILE` prints the public identity")
            }
            named[step, default: []].insert(identity)
        }
        // A flag replaces what the file says of its step.
        named.merge(configured ?? [:]) { flag, _ in flag }
        self.init(named, fallback: own)
    }
}

extension StepError {
    /// A handoff whose rotation this stage's configuration does not describe.
    init(handoffOf rotation: PlanName, outside file: String) {
        self.init(
            .unacceptable, "the handoff belongs to the rotation \(rotation), which \(file) does not have",
            hint: "name this rotation's own configuration with --config, or work in a folder without ork.yaml",
            isRetryable: false)
    }

    /// What is wrong with `ork.yaml`, or with a flag: that is a mistake of usage.
    package init(_ error: ConfigurationError, hint: String? = nil) {
        var place: Place?
        if let file = error.file, let line = error.line { place = Place(file: file, line: line) }
        self.init(error.file == nil ? .usage : .unacceptable, "\(error)", hint: hint, place: place)
    }
}

import Configuration
import Rotation
import Steps
import SystemPackage

extension ConfigurationFile {
    /// The rotation that this stage's `ork.yaml` describes, if it has one.
    static func load(
        _ options: CommonOptions, rotation: PlanName?
    ) throws(StepError) -> RotationConfiguration? {
        let path = options.config ?? "ork.yaml"
        guard let bytes = try read(path, mustExist: options.config != nil) else { return nil }
        var wanted = rotation
        if let name = options.rotation {
            guard let name = PlanName(name) else {
                throw StepError(
                    .usage, "--rotation is not the name of a rotation", hint: "use letters, digits and . _ - /")
            }
            wanted = name
        }
        do {
            let file = try ConfigurationFile(parsing: bytes, name: path)
            // A file that happens to lie here and knows nothing of this handoff's rotation has no say in it.
            if options.config == nil, options.rotation == nil, let rotation,
                !file.rotations.contains(where: { $0.name == rotation })
            {
                return nil
            }
            return try file.rotation(named: wanted)
        } catch {
            throw StepError(error)
        }
    }

    /// The whole file, with all of its rotations.
    static func load(_ path: String) throws(StepError) -> ConfigurationFile {
        guard let bytes = try read(path, mustExist: true) else { throw unreadable(path, .noSuchFileOrDirectory) }
        do { return try ConfigurationFile(parsing: bytes, name: path) } catch { throw StepError(error) }
    }

    private static func read(_ path: String, mustExist: Bool) throws(StepError) -> [UInt8]? {
        do { return try DurableFile(path).read(limit: sizeLimit) } catch {
            guard !mustExist, error == .noSuchFileOrDirectory else { throw unreadable(path, error) }
            return nil
        }
    }

    private static func unreadable(_ path: String, _ error: Errno) -> StepError {
        StepError(.unacceptable, "\(path) cannot be read: \(error)", hint: "name the configuration with --config")
    }
}

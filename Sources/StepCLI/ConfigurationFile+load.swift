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
        let bytes: [UInt8]
        do { bytes = try DurableFile(path).read(limit: sizeLimit) } catch {
            guard options.config == nil, error == .noSuchFileOrDirectory else {
                throw StepError(
                    .unacceptable, "\(path) cannot be read: \(error)", hint: "name the configuration with --config")
            }
            return nil
        }
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
}

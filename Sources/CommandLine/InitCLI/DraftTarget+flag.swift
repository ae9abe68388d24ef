import Configuration
import JSON
import Rotation

extension DraftTarget {
    /// A target as `ork-publish --to` has it. Without a name it has its publisher's, with a number if that is `taken`.
    init(flag text: String, taken: [String] = []) throws(ConfigurationError) {
        let flag = try TargetFlag(text)
        self.init(
            name: flag.name ?? Self.free(flag.publisher, taken), publisher: flag.publisher, wave: flag.wave,
            with: flag.with)
    }

    /// The name, with the first number that makes it another than those that are taken.
    static func free(_ name: String, _ taken: [String]) -> String {
        guard taken.contains(name) else { return name }
        return (2...).lazy.map { "\(name)-\($0)" }.first { !taken.contains($0) } ?? name
    }
}

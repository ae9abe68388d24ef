import Configuration
import Steps

extension StepError {
    /// What is wrong with `ork.yaml`, or with a flag: that is a mistake of usage.
    init(_ error: ConfigurationError, hint: String? = nil) {
        self.init(error.file == nil ? .usage : .unacceptable, "\(error)", hint: hint)
    }
}

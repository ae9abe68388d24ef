import Configuration
import Steps

extension StepError {
    /// What is wrong with `ork.yaml`, or with a flag: that is a mistake of usage.
    init(_ error: ConfigurationError, hint: String? = nil) {
        var place: Place?
        if let file = error.file, let line = error.line { place = Place(file: file, line: line) }
        self.init(error.file == nil ? .usage : .unacceptable, "\(error)", hint: hint, place: place)
    }
}

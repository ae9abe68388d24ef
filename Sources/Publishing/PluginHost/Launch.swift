/// What is started: a program with its arguments and all of its environment.
struct Launch: Sendable {
    /// The file, as an absolute path.
    var path: String
    /// What follows the program's own name.
    var arguments: [String]
    /// Nothing else is inherited.
    var environment: [String: String]
}

/// How a child process ended.
enum Ending: Sendable, Hashable {
    case exited(Int32)
    case signalled(Int32)
    case notStarted
}

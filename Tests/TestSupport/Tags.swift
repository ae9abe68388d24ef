package import Testing

/// What a suite needs. Each has exactly one of the first four tags, by which `Tests/run.sh` chooses.
extension Tag {
    /// Nothing: it computes, and reads and writes files at most.
    @Tag package static var values: Self
    /// Programs that it starts: ours, git, Python.
    @Tag package static var processes: Self
    /// Servers on loopback, real ones or stand-ins.
    @Tag package static var servers: Self
    /// Pipelines, recipes and installations, run whole on this machine.
    @Tag package static var pipelines: Self
    /// Patience, ten seconds and more: not for `Tests/run.sh --fast`.
    @Tag package static var slow: Self
}

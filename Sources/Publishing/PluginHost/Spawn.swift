import Subprocess
import SystemPackage

/// Starts a process in a session of its own and reaps it, by a task on an executor of its own.
///
/// Until `release` the process, once dead, is not reaped: its number still names its group, so that it can be killed.
struct Spawn: Sendable {
    private let released: AsyncStream<Never>
    private let gate: AsyncStream<Never>.Continuation

    /// The descriptors become the child's 0, 1 and 2 and are closed here.
    init(
        _ launch: Launch, number: Int, input: FileDescriptor, output: FileDescriptor, error: FileDescriptor,
        _ mailbox: Mailbox
    ) {
        (released, gate) = AsyncStream.makeStream()
        var options = PlatformOptions()
        options.createSession = true
        let configuration = Configuration(
            executable: .path(FilePath(launch.path)), arguments: Arguments(launch.arguments),
            environment: .custom(Self.environment(launch.environment)), platformOptions: options)
        let released = released
        Task.detached(executorPreference: SpawnExecutor.shared) {
            let ending: Ending
            do {
                let result = try await run(
                    configuration, input: .fileDescriptor(input, closeAfterSpawningProcess: true),
                    output: .fileDescriptor(output, closeAfterSpawningProcess: true),
                    error: .fileDescriptor(error, closeAfterSpawningProcess: true)
                ) { execution in
                    let process = execution.processIdentifier
                    mailbox.post(number, .started(process: process.value, descriptor: process.processDescriptor))
                    for await _ in released {}
                }
                switch result.terminationStatus {
                case .exited(let status): ending = .exited(status)
                case .signaled(let signal): ending = .signalled(signal)
                }
            } catch {
                ending = .notStarted
            }
            mailbox.post(number, .ended(ending))
        }
    }

    /// Lets the process be reaped once it is dead.
    func release() { gate.finish() }

    private static func environment(_ values: [String: String]) -> [Environment.Key: String] {
        var environment: [Environment.Key: String] = [:]
        for (name, value) in values {
            if let key = Environment.Key(rawValue: name) { environment[key] = value }
        }
        return environment
    }
}

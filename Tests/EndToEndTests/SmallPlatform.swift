import FoundationEssentials
import Glibc
import JSON
import Synchronization
import TestSupport

/// A platform as people deploy to: it keeps a variable, and runs an application that reads it when it starts. A new
/// deployment is built until it may go live, then runs beside the one before, which is stopped once it is live.
final class SmallPlatform: Sendable {
    /// The variable, and what is deployed.
    fileprivate final class Project: Sendable {
        struct State {
            var value: String
            var deployments = 0
            /// The last one that is live.
            var live = 0
            var mayGoLive = false
            var isOver = false
            /// How many applications run.
            var running = 0
        }

        let state: Mutex<State>
        let application: Application

        init(_ value: String, _ application: @escaping Application) {
            state = Mutex(State(value: value))
            self.application = application
        }
    }

    /// Runs the application of a deployment with the variable's value at its start, until it is to stop.
    typealias Application =
        @Sendable (_ deployment: Int, _ value: String, _ mustStop: @Sendable () -> Bool) -> Void

    private let project: Project
    private let server: LoopbackServer

    /// The first deployment, number 0, is live when this returns.
    init(holding value: String, application: @escaping Application) throws {
        let project = Project(value, application)
        self.project = project
        server = try LoopbackServer { request, connection in
            let answer = project.answer(request.message)
            connection.respond(
                answer == nil ? 404 : 200, headers: [("Content-Type", "application/json")],
                body: (answer ?? [:]).text())
        }
        project.start(0)
    }

    /// Has what is being built go live, and whatever comes after it.
    func goLive() { project.state.withLock { $0.mayGoLive = true } }

    /// Where its API is.
    var url: String { "http://127.0.0.1:\(server.port)/v1" }

    /// How many deployments came after the first.
    var deployments: Int { project.state.withLock { $0.deployments } }

    /// Stops what runs, and waits for its end.
    func stop() {
        project.state.withLock { $0.isOver = true }
        while project.state.withLock({ $0.running > 0 }) { usleep(10_000) }
    }
}

extension SmallPlatform.Project {
    fileprivate func answer(_ request: WireMessage) -> JSONValue? {
        switch (request.method, request.target) {
        case ("GET", "/v1/variables/KEY"): return ["value": .string(state.withLock { $0.value })]
        case ("PUT", "/v1/variables/KEY"):
            guard let value = (try? JSONValue(parsing: request.body))?["value"]?.string else { return nil }
            state.withLock { $0.value = value }
            return [:]
        case ("POST", "/v1/deploys"):
            let number = state.withLock { state in
                state.deployments += 1
                return state.deployments
            }
            start(number)
            return ["id": .string("dep-\(number)")]
        default:
            guard let number = request.target.split(separator: "-").last.flatMap({ Int($0) }) else { return nil }
            return ["status": state.withLock { $0.live >= number } ? "live" : "building"]
        }
    }

    /// The process begins a moment before the deployment counts as live, and ends a moment after the next one does.
    fileprivate func start(_ number: Int) {
        startThread {
            while number > 0, self.state.withLock({ !$0.mayGoLive && !$0.isOver }) { usleep(10_000) }
            let value = self.state.withLock { state in
                state.running += 1
                return state.value
            }
            defer { self.state.withLock { $0.running -= 1 } }
            startThread {
                usleep(500_000)
                self.state.withLock { $0.live = max($0.live, number) }
            }
            self.application(number, value) { self.state.withLock { $0.isOver || $0.live > number } }
        }
    }
}

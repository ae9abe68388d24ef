import ChildProcesses
import Glibc
import Synchronization

extension Program {
    /// Runs the program until it ends, however long that takes. A signal that is to end this process goes on to it, and
    /// what it still writes is waited for.
    func runToItsEnd() -> Ending {
        received.store(0, ordering: .relaxed)
        for number in [SIGTERM, SIGINT, SIGHUP] { signal(number) { received.store($0, ordering: .relaxed) } }
        var passedOn: Int32 = 0
        let run = run(.init(time: .seconds(366 * 86400))) { process in
            let number = received.load(ordering: .relaxed)
            guard number != 0, number != passedOn else { return }
            passedOn = number
            kill(process, number)
        }
        return run.ending
    }
}

/// The signal that has come, or 0.
private let received = Atomic<Int32>(0)

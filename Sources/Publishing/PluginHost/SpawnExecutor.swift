import Dispatch

/// Runs the tasks that start and reap processes on a thread of their own, so that neither a busy cooperative pool nor
/// a caller that blocks one of its threads can hold them up.
final class SpawnExecutor: TaskExecutor {
    static let shared = SpawnExecutor()

    private let queue = DispatchQueue(label: "ork.spawn")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

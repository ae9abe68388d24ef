import TestSupport

/// One way in which a stage is interrupted, and where.
struct CrashPoint: Sendable, CustomStringConvertible {
    enum Fault: Sendable {
        /// The step is killed before a request is passed on.
        case killedBeforeRequest(Int)
        /// The step is killed when OpenRouter has answered, before the answer is passed on.
        case killedBeforeReply(Int)
        /// The reply is lost, and the step goes on as it can.
        case lostReply(Int)
        /// The step is killed as it enters the n-th of these system calls, which does not happen.
        case killedAt(SystemCall, Int)
        /// The publisher is killed as it enters its n-th of these system calls, which does not happen.
        case publisherKilledAt(SystemCall, Int)
        /// The publisher goes on although the step that started it is killed.
        case orphanedPublisher
    }

    /// The calls of a durable write: `fsync` of the new file, `rename`, `fsync` of the folder.
    enum SystemCall: String, Sendable {
        case fsync
        /// `rename` in the steps, `renameat` in the publisher.
        case rename = "/^rename"
    }

    let course: Course
    let stage: Stage
    let fault: Fault

    /// Whether another point leaves the same behind, apart from the handoff: the file that is not renamed yet, and the
    /// reply that the step goes on without.
    var isMatterOfHandoff: Bool {
        switch fault {
        case .lostReply: true
        case .killedAt(.fsync, let number): number % 2 == 1
        default: false
        }
    }

    var description: String { "\(course.rawValue), \(stage), \(fault)" }

    /// The stages before the one that is interrupted.
    var stagesBefore: ArraySlice<Stage> { course.stages.prefix { $0 != stage } }

    /// What is interrupted, and how it ends.
    enum Course: String, Sendable {
        case plain
        /// A guardrail and two lists name the predecessor.
        case referenced
        /// The same, and it is taken back after it was published.
        case backFromPublished = "back from published"
        /// The same, and it is taken back after the predecessor was disabled.
        case backFromDisabled = "back from disabled"

        var stages: [Stage] {
            switch self {
            case .plain, .referenced: Stage.rotation
            case .backFromPublished: [.create, .publishFirst, .verifyFirst, .publishSecond, .putBack, .withdraw]
            case .backFromDisabled: Stage.rotation.dropLast() + [.disable, .putBack, .withdraw]
            }
        }

        var isReferenced: Bool { self != .plain }
        var isBack: Bool { self == .backFromPublished || self == .backFromDisabled }

        /// The stages that another course does not have, or that do less in it.
        var ownStages: [Stage] {
            switch self {
            case .plain: stages
            case .referenced: [.create, .retire]
            case .backFromPublished, .backFromDisabled: [.putBack, .withdraw]
            }
        }
    }

    /// What a stage does in a run without faults.
    struct Counts: Sendable {
        var exchanges = 0
        var writes = 0
    }

    /// Every point of a stage with these counts.
    static func all(_ course: Course, _ stage: Stage, _ counts: Counts) -> [CrashPoint] {
        var faults: [Fault] = []
        for exchange in 0..<counts.exchanges {
            faults += [.killedBeforeRequest(exchange), .killedBeforeReply(exchange), .lostReply(exchange)]
        }
        for write in 0..<counts.writes {
            // The odd fsyncs are of files, the even ones of the folder: before, in the middle of, and after the write.
            faults += [
                .killedAt(.fsync, 2 * write + 1), .killedAt(.rename, write + 1), .killedAt(.fsync, 2 * write + 2),
            ]
        }
        if stage.writes {
            faults += [
                .publisherKilledAt(.fsync, 1), .publisherKilledAt(.rename, 1), .publisherKilledAt(.fsync, 2),
                .orphanedPublisher,
            ]
        }
        return faults.map { CrashPoint(course: course, stage: stage, fault: $0) }
    }

    /// How the rotation is brought to its end after the fault.
    enum Finish: String, CaseIterable, Sendable {
        /// With the handoff as the interrupted run left it.
        case survivingHandoff
        /// With the handoff as the stage before left it.
        case previousHandoff
        /// With the handoff as `ork-create` left it.
        case firstHandoff
        /// With none: `ork-create --supersede`.
        case noHandoff
        /// By two runners that start at the same moment, each with a copy of the surviving handoff.
        case twoRunners

        /// Whether there is such a handoff.
        func exists(for stage: Stage) -> Bool {
            switch self {
            case .survivingHandoff, .noHandoff, .twoRunners: true
            case .previousHandoff: stage != .create
            case .firstHandoff: stage != .create && stage != .publishFirst
            }
        }
    }
}

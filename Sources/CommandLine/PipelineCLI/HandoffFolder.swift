import FoundationEssentials
import Rotation
import Secrets
import StepCLI
import Steps
import Timestamps

/// Any other system: a folder, which the pipeline restores before each job and saves after it, also when the job failed.
///
/// Jobs write files of their own names. Of what is kept goes what another handoff holds, too, and a sealed key that a
/// newer rotation with a key of its own has left behind.
struct HandoffFolder: HandoffStore {
    let handoff: String
    private let folder: String
    private let environment: StepEnvironment
    private let console: Console

    /// More files than any rotation leaves here.
    private static let limit = 256

    init(_ turn: JobTurn, _ environment: StepEnvironment, _ console: Console) throws(StepError) {
        self.console = console
        self.environment = environment
        folder = environment["ORK_HANDOFFS"] ?? "ork-handoffs"
        try DurableFile.makeFolder(folder, hint: "name another folder in ORK_HANDOFFS")
        // As no other job does, nor this one when it is run again.
        handoff = "\(folder)/\(ULID(at: SystemClock().now)).\(turn.description).json"
    }

    private var files: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.sorted(by: >).map { "\(folder)/\($0)" }
    }

    func forEachCandidate(_ body: (Candidate) -> Verdict) throws(StepError) -> Bool {
        guard files.count <= Self.limit else {
            throw StepError(
                .unacceptable, "there are more than \(Self.limit) files in \(folder)",
                hint: "keep the handoffs of one rotation there, and nothing else")
        }
        for file in files {
            guard let bytes = try? DurableFile(file).read(limit: HandoffFile.sizeLimit) else { continue }
            if body(Candidate(place: file, bytes: bytes)) == .enough { return true }
        }
        // The pipeline may have lost the folder.
        return false
    }

    private var report: String { environment["ORK_REPORT"] ?? "\(folder)/job.report" }

    func previousReport(for turn: JobTurn) -> JobReport? {
        guard !turn.before.isEmpty, let bytes = try? DurableFile(self.report).read(limit: 4096) else { return nil }
        return JobReport(parsing: bytes)
    }

    func keep(_ handoff: Handoff?, of _: JobTurn) {
        guard let handoff, FileManager.default.fileExists(atPath: self.handoff) else { return }
        let hasKey = (try? State(handoff, trust: nil))?.created != nil
        for file in files where file != self.handoff {
            guard let bytes = try? DurableFile(file).read(limit: HandoffFile.sizeLimit),
                let other = try? Handoff(parsing: bytes), other.header.name == handoff.header.name
            else { continue }
            let isOlder = other.header.id < handoff.header.id
            if handoff.covers(other) || isOlder && hasKey && !other.sealed.isEmpty {
                try? FileManager.default.removeItem(atPath: file)
            }
        }
        HandoffFile.removeLock(of: self.handoff)
    }

    func save(_ report: JobReport, isNotYet: Bool) throws(StepError) {
        try DurableFile.write(report.bytes, to: self.report)
        console.setOutputs(report.parts, isNotYet: isNotYet)
    }
}

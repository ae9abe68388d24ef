import FoundationEssentials
import TestSupport
import Testing

@Suite(.tags(.processes, .slow)) struct ModelCheckTests {
    @Test("no order of steps, crashes and replays breaks what the model demands, and each of its guards is needed")
    func check() async throws {
        let isLarge = ProcessInfo.processInfo.environment["ORK_MODEL"] == "large"
        let program = BuiltProduct.repository + "/Tests/Model/check.sh"
        let run = try await CommandRun([program] + (isLarge ? ["--large"] : []))
        #expect(run.succeeded, "\(run.errors)")
        #expect(run.output.split(separator: "\n").count { $0.hasPrefix("mutant ") } > 20)
    }
}

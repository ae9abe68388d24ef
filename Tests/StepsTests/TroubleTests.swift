import HTTP
import Rotation
import RotationFixtures
import Steps
import TestSupport
import Testing

/// OpenRouter in trouble says nothing of what was asked about: the step can be tried again, and no evidence is lost.
@Suite(.tags(.values)) struct TroubleTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let path: String
        /// `nil`: no answer in time.
        let status: Int?
        let code: StepError.Code
        /// What the message says, or the hint.
        let text: String

        var testDescription: String { "\(path) \(status.map(String.init) ?? "stalls")" }
        var result: Result<HTTPResponse, TransportError> {
            status.map { .success(HTTPResponse(status: $0)) }
                ?? .failure(TransportError(.timeout, "no answer in 30 s", mayHaveArrived: true))
        }
    }

    static let lists: [Row] = ["/guardrails", "/byok", "/observability"].flatMap { path in
        [408, 429, 500, 503, nil].map { Row(path: path, status: $0, code: .unreachable, text: "cannot be read now: ") }
            + [403, 404].map { Row(path: path, status: $0, code: .failed, text: "OpenRouter does not show its ") }
    }

    @Test(
        "a list that may name the predecessor is tried again; one that this account is not shown is for people",
        arguments: lists)
    func references(row: Row) throws {
        let fixture = try RotationFixture()
        let transport = TroubledTransport(fixture.simulation, row.path, row.result)
        let error = fixture.refused(row.code, row.text) { () throws(StepError) in try fixture.create(transport) }
        #expect(error?.hint?.contains("`ork-create --ignore-references`") == true)
        #expect(error?.hint?.hasPrefix("try again") == (row.code == .unreachable))
        #expect(error?.isRetryable == (row.code == .unreachable))
        #expect(fixture.journal.handoff == nil)
        // Whoever says so goes on without it, also where the trouble does not end.
        try fixture.create(transport) { $0.ignoresReferences = true }
        #expect(fixture.announcements.warnings.contains { $0.contains("OpenRouter does not show its ") })
    }

    @Test("where nothing is replaced, nothing can be named there")
    func firstKey() throws {
        var fixture = try RotationFixture()
        fixture.plan.predecessor = .none
        try fixture.create(TroubledTransport(fixture.simulation, "/byok", .success(HTTPResponse(status: 503))))
    }

    @Test("verification is tried again and nothing is recorded against the successor", arguments: [408, 429, 503, nil])
    func verify(status: Int?) throws {
        let fixture = try RotationFixture()
        try fixture.create()
        try fixture.publishAndVerify()
        let row = Row(path: "/key", status: status, code: .unreachable, text: "")
        let count = fixture.events.count
        let error = fixture.refused(.unreachable) { () throws(StepError) in
            try fixture.verify(TroubledTransport(fixture.simulation, row.path, row.result))
        }
        #expect(error?.isRetryable == true)
        #expect(fixture.events.count == count)
        #expect(try fixture.state().verification != nil)
    }
}

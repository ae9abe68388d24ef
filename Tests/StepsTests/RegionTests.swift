import HTTP
import JSON
import OpenRouterSandbox
import Rotation
import RotationFixtures
import Steps
import TestSupport
import Testing

/// A guardrail may bind keys to regions, and each region has a host of its own: at another one a good key looks like a bad one.
@Suite(.tags(.values)) struct RegionTests {
    struct Case: Sendable {
        let regions: [String]?
        let host: String
        /// The hosts that a refusal names; `nil` where the key is served.
        var hint: [String]?
    }

    static let cases: [Case] = [
        Case(regions: nil, host: "openrouter.ai"), Case(regions: nil, host: "eu.openrouter.ai"),
        Case(regions: ["europe"], host: "eu.openrouter.ai"), Case(regions: ["us", "global"], host: "us.openrouter.ai"),
        Case(regions: ["europe"], host: "openrouter.ai", hint: ["eu.openrouter.ai"]),
        Case(regions: ["us"], host: "openrouter.ai", hint: ["us.openrouter.ai"]),
        Case(regions: ["us"], host: "eu.openrouter.ai", hint: ["us.openrouter.ai"]),
        Case(regions: ["europe", "us"], host: "openrouter.ai", hint: ["eu.openrouter.ai", "us.openrouter.ai"]),
        Case(regions: ["global"], host: "us.openrouter.ai", hint: ["openrouter.ai"]),
    ]

    @Test(
        "a model is asked at the host that the applications call, and a refusal names the one to ask", arguments: cases)
    func hosts(_ row: Case) throws {
        let fixture = try RotationFixture { $0.publish.inference = "openai/gpt-4o" }
        fixture.simulation.with { simulated in
            let hash = simulated.keys[0].hash
            let list: JSONValue = row.regions.map { .array($0.map(JSONValue.string)) } ?? nil
            simulated.sandbox.addGuardrail("g", assignedTo: [hash], settings: ["allowed_data_regions": list])
        }
        try fixture.create()
        let before = fixture.simulation.value.places
        let service = try HTTPURL("https://\(row.host)/api/v1")
        func publish() throws(StepError) {
            try PublishStep(
                context: fixture.context(), transport: EveryHost(simulation: fixture.simulation), service: service,
                identity: fixture.identity, publishers: fixture.publishers, options: PublishStep.Options()
            ).run()
        }
        guard let hint = row.hint else { return try publish() }
        let error = fixture.refused(.denied, "is not served at \(row.host)", publish)
        let named = error?.hint?.matches(of: /https:\/\/([a-z.]+)\/api/).map { String($0.output.1) }
        #expect(named == hint)
        #expect(fixture.simulation.value.places == before)
    }
}

/// Every host is OpenRouter's.
private struct EveryHost: HTTPTransport {
    let simulation: Simulation

    func send(_ requests: [HTTPRequest], each: (Int, Result<HTTPResponse, TransportError>) -> Void) {
        for (index, request) in requests.enumerated() {
            each(index, .success(simulation.with { $0.sandbox.answer(request, at: $0.now) }))
        }
    }
}

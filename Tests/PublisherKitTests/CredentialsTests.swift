import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Synchronization
import TestSupport
import Testing

/// Credentials that are obtained, refused and obtained anew.
@Suite(.tags(.values)) struct CredentialsTests {
    /// Numbers its tokens; a refused one is replaced so many times.
    private final class Numbered: ServiceCredentials {
        private let state: Mutex<(number: Int, renewals: Int, isEnded: Bool)>
        private let failure: ServiceError?

        init(renewals: Int, failure: ServiceError? = nil) {
            state = Mutex((1, renewals, false))
            self.failure = failure
        }

        var isEnded: Bool { state.withLock(\.isEnded) }
        var secrets: [Secret] { [token] }

        private var token: Secret { Secret("token-\(state.withLock(\.number))") }

        func authorization(until deadline: Date) throws(ServiceError) -> HTTPAuthorization? {
            if let failure, state.withLock(\.number) > 1 { throw failure }
            return .bearer(token)
        }

        func renew(_ refused: HTTPAuthorization?, after answer: ServiceAnswer, until deadline: Date) -> Bool {
            state.withLock { state in
                guard answer.status == 401, state.renewals > 0 else { return false }
                state = (state.number + 1, state.renewals - 1, state.isEnded)
                return true
            }
        }

        func end() { state.withLock { $0.isEnded = true } }
    }

    private func send(
        _ call: ServiceCall, _ answers: [ScriptedTransport.Answer], _ credentials: any ServiceCredentials
    ) throws -> (result: Result<ServiceAnswer, ServiceError>, bearers: [String?]) {
        let transport = ScriptedTransport(answers)
        let client = ServiceClient(
            PlainService(), at: try HTTPURL("https://plain.example"), credentials: credentials, transport: transport,
            clock: SteppingClock())
        let result: Result<ServiceAnswer, ServiceError>
        do throws(ServiceError) {
            result = .success(try client.send(call, until: SteppingClock.start.addingTimeInterval(60)))
        } catch { result = .failure(error) }
        return (result, transport.requests.map { $0.bearer?.revealed() })
    }

    @Test("what is refused is renewed once, and then the refusal counts")
    func renewed() throws {
        let (result, bearers) = try send(Bench.read, [.answer(401), .answer(200)], Numbered(renewals: 9))
        #expect(try result.get().status == 200)
        #expect(bearers == ["token-1", "token-2"])
        let (second, all) = try send(Bench.read, [.answer(401)], Numbered(renewals: 9))
        #expect(throws: ServiceError.self) { try second.get() }
        #expect(all == ["token-1", "token-2"])
    }

    @Test("what cannot be renewed is sent once", arguments: [401, 403])
    func notRenewed(status: Int) throws {
        let (result, bearers) = try send(Bench.write, [.answer(status)], Numbered(renewals: status == 401 ? 0 : 9))
        #expect(throws: ServiceError.self) { try result.get() }
        #expect(bearers == ["token-1"])
    }

    @Test("who cannot log in has sent nothing, unless an earlier try may have been done")
    func failedLogin() throws {
        let failure = ServiceError(PublisherError(.denied, "no"))
        for (answers, doubt) in [([.answer(401)], false), ([.lost, .answer(401)], true)]
            as [([ScriptedTransport.Answer], Bool)]
        {
            let (result, _) = try send(Bench.write, answers, Numbered(renewals: 1, failure: failure))
            let error = #expect(throws: ServiceError.self) { try result.get() }
            #expect(error == failure.doubted(doubt))
        }
    }

    @Test("what the credentials hold is not repeated from a service's words, whichever token it is")
    func words() throws {
        let (result, _) = try send(
            Bench.read, [.answer(401), .answer(422, #"{"message": "token-2 is bad"}"#)], Numbered(renewals: 1))
        let error = #expect(throws: ServiceError.self) { try result.get() }
        #expect(error?.error.message == "Plain refuses to read the thing (422: <redacted> is bad)")
    }

    @Test("nobody in particular sends no credential, and a call may have fields of its own")
    func anonymous() throws {
        let transport = ScriptedTransport([.answer(200)])
        let client = ServiceClient(
            PlainService(), at: try HTTPURL("https://plain.example"), credentials: NoCredentials(),
            transport: transport, clock: SteppingClock())
        var call = Bench.read
        call.headers = [("X-Of-Call", "1")]
        _ = try client.send(call, until: SteppingClock.start.addingTimeInterval(60))
        #expect(transport.requests.map(\.authorization) == [nil])
        #expect(transport.requests.first?.headers.map(\.name) == ["accept", "X-Of-Call"])
    }

    @Test("targets apart have clients apart, and all are told when the work is done")
    func ended() throws {
        let clients = ServiceClients(PlainService(), environment: [:], transport: ScriptedTransport([.answer(200)]))
        let address = try HTTPURL("https://plain.example")
        let credentials = ["a", "b"].map { _ in Numbered(renewals: 0) }
        func client(_ detail: String, _ index: Int) throws -> ServiceClient {
            try clients.client(for: Settings([:]), at: address, apart: [detail]) { writes in
                ServiceClient(
                    PlainService(), at: address, credentials: credentials[index], writes: writes,
                    transport: clients.transport)
            }
        }
        let first = try client("a", 0)
        #expect(try client("a", 1) === first)
        #expect(try client("b", 1) !== first)
        clients.end()
        #expect(credentials.map(\.isEnded) == [true, true])
    }
}

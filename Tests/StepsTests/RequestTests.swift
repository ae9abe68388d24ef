import FoundationEssentials
import HTTP
import OpenRouterSandbox
import Rotation
import RotationFixtures
import Steps
import TestSupport
import Testing

/// What a step asks of OpenRouter, and in which round trips, is what the page for it says: a rate limit bounds how many
/// rotations a fleet can have, and round trips are what a stage takes its time for.
@Suite(.tags(.values)) struct RequestTests {
    /// One run of a step, under the heading that it has on the page.
    struct Scene: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let run: @Sendable (FakeTransport, RotationFixture) throws -> Void
        /// The rotation as it is before.
        let fixture: @Sendable () throws -> RotationFixture
    }

    private static func retired(with lists: Bool = false) throws -> RotationFixture {
        let fixture = lists ? try ReferencedAccount().fixture : try RotationFixture()
        try fixture.create()
        try fixture.publishAndVerify()
        fixture.refused(.notYet) { () throws(StepError) in try fixture.retire() }
        fixture.simulation.pass(3700)
        return fixture
    }

    private static func disabled(with lists: Bool = false) throws -> RotationFixture {
        let fixture = try retired(with: lists)
        fixture.refused(.notYet, "soaks") { () throws(StepError) in try fixture.retire() }
        fixture.simulation.pass(3700)
        return fixture
    }

    private static func rolledBack() throws -> RotationFixture {
        let fixture = try disabled()
        fixture.refused(.notYet) { () throws(StepError) in try fixture.rollback() }
        fixture.simulation.pass(3700)
        fixture.simulation.with { $0.useAll() }
        return fixture
    }

    static let scenes = [
        Scene(testDescription: "`ork-create`") {
            try $1.create($0)
        } fixture: {
            try RotationFixture()
        },
        Scene(testDescription: "`ork-create`, where lists name the predecessor") {
            try $1.create($0)
        } fixture: {
            try ReferencedAccount().fixture
        },
        Scene(testDescription: "`ork-publish`") {
            try $1.publish($0)
        } fixture: {
            let fixture = try RotationFixture()
            try fixture.create()
            return fixture
        },
        Scene(testDescription: "`ork-verify`") {
            try $1.verify($0)
        } fixture: {
            try RotationFixture.published()
        },
        Scene(testDescription: "`ork-retire`, before the predecessor is quiet") { transport, fixture in
            fixture.refused(.notYet, "overlap") { () throws(StepError) in try fixture.retire(transport) }
        } fixture: {
            let fixture = try RotationFixture.published()
            fixture.simulation.with { $0.useAll() }
            try fixture.verify()
            return fixture
        },
        Scene(testDescription: "`ork-retire`, which disables it") { transport, fixture in
            fixture.refused(.notYet, "soaks") { () throws(StepError) in try fixture.retire(transport) }
        } fixture: {
            try retired()
        },
        Scene(testDescription: "`ork-retire`, which deletes it") {
            try $1.retire($0)
        } fixture: {
            try disabled()
        },
        Scene(testDescription: "`ork-retire`, which deletes it where lists name it") {
            try $1.retire($0)
        } fixture: {
            try disabled(with: true)
        },
        Scene(testDescription: "`ork-rollback`, which puts it back") { transport, fixture in
            fixture.refused(.notYet) { () throws(StepError) in try fixture.rollback(transport) }
        } fixture: {
            try disabled()
        },
        Scene(testDescription: "`ork-rollback`, which disables the successor") { transport, fixture in
            fixture.refused(.notYet, "soaks") { () throws(StepError) in try fixture.rollback(transport) }
        } fixture: {
            try rolledBack()
        },
        Scene(testDescription: "`ork-rollback`, which deletes the successor") {
            try $1.rollback($0)
        } fixture: {
            let fixture = try rolledBack()
            fixture.refused(.notYet, "soaks") { () throws(StepError) in try fixture.rollback() }
            fixture.simulation.pass(3700)
            return fixture
        },
    ]

    @Test("a step asks for what the page says, in as many round trips", arguments: scenes)
    func requests(scene: Scene) throws {
        let fixture = try scene.fixture()
        let transport = FakeTransport(fixture.simulation)
        try scene.run(transport, fixture)
        let keys = fixture.simulation.value.sandbox.keys.filter { !$0.isManagement && $0.name != "neighbour" }
        let names = Dictionary(zip(keys.map(\.hash), ["PREDECESSOR", "SUCCESSOR"])) { first, _ in first }
        let asked = transport.exchanges.map { $0.map { Self.text(of: $0, names) }.sorted() }
        let page = try RequestPage()
        #expect(page.roundTrips[scene.testDescription] == asked, "\(asked)")
    }

    @Test("every table of the page is held by a run")
    func complete() throws {
        let page = try RequestPage()
        #expect(Set(page.roundTrips.keys) == Set(Self.scenes.map(\.testDescription)))
        #expect(page.rowsWithoutReason == [])
        let plain = [
            "`ork-create`", "`ork-publish`", "`ork-verify`", "`ork-retire`, before the predecessor is quiet",
            "`ork-retire`, which disables it", "`ork-retire`, which deletes it",
        ]
        let count = plain.reduce(0) { $0 + (page.roundTrips[$1]?.joined().count ?? 0) }
        #expect(page.text.contains("A plain rotation makes \(count) requests"))
    }

    /// `GET /keys/SUCCESSOR`, `GET /byok?workspace_id`: of a query only the scope counts.
    private static func text(of request: HTTPRequest, _ names: [String: String]) -> String {
        let address = request.url.description
        let path = address.prefix { $0 != "?" }.split(separator: "/").drop { $0 != "v1" }.dropFirst()
        let words = path.map { names[String($0)] ?? ($0.contains { $0.isNumber } ? "ID" : String($0)) }
        let scope = address.contains("workspace_id=") ? "?workspace_id" : ""
        return "\(request.method.rawValue) /\(words.joined(separator: "/"))\(scope)"
    }
}

/// `Sources/Rotation/REQUESTS.md`, as far as it is tables of requests.
private struct RequestPage {
    /// By heading: the requests of each round trip, sorted.
    private(set) var roundTrips: [String: [[String]]] = [:]
    private(set) var rowsWithoutReason: [Substring] = []
    let text: String

    init() throws {
        let page = "\(BuiltProduct.repository)/Sources/Rotation/REQUESTS.md"
        text = String(decoding: try Data(contentsOf: URL(filePath: page)), as: UTF8.self)
        var look: [String] = []
        for section in text.split(separator: "\n## ").dropFirst() {
            let heading = String(section.prefix { $0 != "\n" })
            var trips: [[String]] = []
            for row in section.split(separator: "\n").compactMap({ $0.wholeMatch(of: Self.row) }) {
                let (line, trip, times, request, reason) = row.output
                if reason.isEmpty { rowsWithoutReason.append(line) }
                if !trip.isEmpty || trips.isEmpty { trips.append([]) }
                let requests = request.map { Array(repeating: String($0), count: times.flatMap { Int($0) } ?? 1) }
                trips[trips.count - 1] += requests ?? look
            }
            if heading == "The look" {
                look = trips.first ?? []
            } else {
                roundTrips[heading] = trips.map { $0.sorted() }
            }
        }
    }

    /// `| 2 | 3 × `GET /key` | why |`, and `| | the look | why |`.
    private static var row: Regex<(Substring, Substring, Substring?, Substring?, Substring)> {
        /\| *(\d*) *\| *(?:(?:(\d+) × )?`([A-Z]+ [^`]+)`|the look) *\| *(.*?) *\|/
    }
}

import FoundationEssentials
import JSON
import TestSupport
import Testing

/// What is left of a rotation for those who keep figures, read by what we have not written.
@Suite(.tags(.servers)) struct MetricsTests {
    private static let configuration = """
        version: 1
        defaults: {metrics: {folder: figures, otlp: environment}}
        rotations:
          web/checkout:
            predecessor: {name: checkout-prod}
            successor: {expires_in: 90d}
            publish: {settle: 0s}
            targets: {app: {publisher: file, with: {path: .env, name: KEY}}}
            retire: {overlap: 0s, quiet_for: 0s, soak: 0s}

        """

    private static let token = "otlp-Zk3sD8fW1qPz"

    /// What the file of the steps and that of `ork-due` say, and each push, after these commands.
    private static func kept(
        _ lines: [String], _ configuration: String = configuration,
        in files: [String] = ["ork-rotation-web%2Fcheckout", "ork-due-web%2Fcheckout"]
    ) throws -> (texts: [String], requests: [WireMessage]) {
        let collector = try Receiver([200])
        let run = try ScriptRun(
            Script(files: [
                Script.File(name: "ork.yaml", text: configuration.replacing("COLLECTOR", with: collector.origin)),
                Script.File(name: ".env", text: "KEY=@PREDECESSOR_KEY@\n"),
            ]))
        run.variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.origin
        run.variables["OTEL_EXPORTER_OTLP_HEADERS"] = "authorization=Bearer%20\(token),x-scope=a%2Cb"
        for line in ["mkdir figures"] + lines { try run.perform(try ScriptWords.split(line, run.variables)) }
        return (try files.map { try run.content("figures/\($0).prom") }, collector.messages)
    }

    private static func read(
        _ texts: [String], _ requests: [WireMessage]
    ) async throws -> (texts: [JSONObject], requests: [JSONObject]) {
        let input: JSONValue = [
            "texts": .array(texts.map { .string($0) }),
            "requests": .array(try requests.map { try JSONValue(parsing: $0.body) }),
        ]
        let answer = try await Python.run("metrics.py", input: input.text())
        let json = try #require(try? JSONValue(parsing: Array(answer.output.utf8)), "\(answer.output)")
        return (
            json["texts"]?.array?.compactMap(\.object) ?? [], json["requests"]?.array?.compactMap(\.object) ?? []
        )
    }

    @Test("ages, expiry, state, the last rotation and failures by class stand in files and go to a collector")
    func figures() async throws {
        let kept = try await onOwnThread {
            try Self.kept([
                "exec ork-due", "exec ork-create", "env ORK_IDENTITY=none", "! exec ork-publish", "! exec ork-publish",
                "unset ORK_IDENTITY", "exec ork-publish", "exec ork-verify --dry-run", "sandbox-use .env",
                "exec ork-verify", "exec ork-retire --wait 20s", "! exec ork-verify --handoff missing.json",
                "exec ork-due",
            ])
        }
        let read = try await Self.read(kept.texts, kept.requests)
        let now = Date.now.timeIntervalSince1970
        func isNow(_ value: JSONValue?) -> Bool {
            value?.number.flatMap { Double($0.text) }.map { abs($0 - now) < 300 } ?? false
        }
        let own = "rotation=web/checkout"
        let (steps, due) = (read.texts[0], read.texts[1])
        #expect(steps["ork_rotation_state{\(own),state=finished}"] == 1)
        #expect(steps["ork_rotation_state{\(own),state=created}"] == 0)
        #expect(isNow(steps["ork_rotation_finished_timestamp_seconds{\(own)}"]))
        #expect(isNow(steps["ork_run_timestamp_seconds{\(own),step=create}"]))
        #expect(steps["ork_run_failures_total{class=unacceptable,\(own),step=publish}"] == 2)
        #expect(steps["ork_run_failures_total{class=unacceptable,\(own),step=verify}"] == 1)
        #expect(steps["ork_run_failures_total{class=failed,\(own),step=retire}"] == 0)
        #expect(steps["ork_run_failed{\(own),step=publish}"] == 0)
        #expect(steps["ork_run_failed{\(own),step=verify}"] == 1)
        #expect(isNow(due["ork_key_created_timestamp_seconds{\(own)}"]))
        #expect(due["ork_due_verdict{\(own),verdict=current}"] == 1)
        #expect(due.keys.contains { $0.hasPrefix("ork_key_info{") && $0.contains("key=checkout-prod 20") })
        #expect(!due.keys.contains { $0.contains("age") })
        // Nothing is told twice in one folder.
        #expect(
            Set(steps.keys.map { $0.prefix { $0 != "{" } }).isDisjoint(with: due.keys.map { $0.prefix { $0 != "{" } }))

        // One push a run, a dry run none.
        #expect(read.requests.count == 9)
        let last = try #require(read.requests.last)
        let expiry = last["ork.key.time.to.expiry d{\(own)}"]?.number.flatMap { Double($0.text) }
        #expect(expiry.map { (89.9...90).contains($0) } == true)
        #expect(
            last["ork.key.age s{\(own)}"]?.number.flatMap { Double($0.text) }.map { (0...300).contains($0) } == true)
        #expect(read.requests[2]["ork.run.failures 1{class=unacceptable,\(own),step=publish}"] == 1)
        #expect(read.requests[3]["ork.run.failures 1{class=unacceptable,\(own),step=publish}"] == 1)
        #expect(read.requests[4]["ork.run.failures 1{class=unacceptable,\(own),step=publish}"] == 0)
        for message in kept.requests {
            #expect(message.target == "/v1/metrics")
            #expect(message[header: "content-type"] == "application/json")
            #expect(message[header: "authorization"] == "Bearer \(Self.token)")
            #expect(message[header: "x-scope"] == "a,b")
            #expect(!message.text.contains(Self.token) && !RotationRunFixture.holdsKey(message.body))
        }
        #expect(kept.texts.allSatisfy { !$0.contains(Self.token) && !RotationRunFixture.holdsKey(Array($0.utf8)) })
    }

    @Test("a collector that ork.yaml names gets no credential of the environment's")
    func named() async throws {
        let configuration = """
            version: 1
            defaults: {metrics: {otlp: 'COLLECTOR'}}
            rotations: {odd: {predecessor: {name: checkout-prod}}}

            """
        let kept = try await onOwnThread { try Self.kept(["exec ork-due"], configuration, in: []) }
        let message = try #require(kept.requests.first)
        #expect(message[header: "authorization"] == nil && message[header: "x-scope"] == nil)
        #expect(!message.text.contains(Self.token))
    }

    @Test("a key may have any name")
    func names() async throws {
        let name = #"a"b\c{d="e",f=1} 7 # EOF <x> é"#
        let configuration = """
            version: 1
            defaults: {metrics: {folder: figures, otlp: environment}}
            rotations: {odd: {predecessor: {name: '\(name)'}}}

            """
        let kept = try await onOwnThread {
            try Self.kept(["sandbox-key '\(name)' KEY", "exec ork-due"], configuration, in: ["ork-due-odd"])
        }
        let read = try await Self.read(kept.texts, kept.requests)
        for samples in read.texts + read.requests {
            let info = samples.keys.filter { $0.contains("info") }
            #expect(info.count == 1)
            #expect(info.first?.contains("key=\(name),") == true, "\(info)")
        }
    }
}

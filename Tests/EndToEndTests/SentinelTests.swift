import ChildProcesses
import FoundationEssentials
import Glibc
import JSON
import Secrets
import TestSupport
import Testing

/// A rotation of the real programs, of which every write, every start of a program and every path is looked at.
@Suite(
    .serialized, .enabled(if: geteuid() == 0, "the steps keep their memory from other processes of the same user"),
    .tags(.servers))
struct SentinelTests {
    @Test("a key is only where it must be, whatever the publisher does")
    func keysAreOnlyWhereTheyMustBe() async throws {
        let leaks = try await Self.traced { try Self.leaks(of: try RotationRunFixture()) }
        #expect(leaks.isEmpty, "\(leaks.joined(separator: "\n"))")
    }

    @Test("to a service of the web goes its own token, and the key only as the service has to have it")
    func keysAndTokensOfServices() async throws {
        let leaks = try await Self.traced {
            let (shelf, project, safe) = (try SentinelShelf(), try SentinelProject(), try SentinelKeyVault())
            let (app, cloud) = (try SentinelApp(), try SentinelCloud())
            let fixture = try RotationRunFixture(
                flags: RotationRunFixture.shortWindows + SentinelServices.flags + SentinelServices.vaultFlags
                    + shelf.flags + project.flags + safe.flags + app.flags + cloud.flags)
            let services = try SentinelServices(
                fixture, vault: try OpenBaoServer(), shelf: shelf, project: project, safe: safe,
                app: app, cloud: cloud)
            return try Self.leaks(of: fixture, services: services)
        }
        #expect(leaks.isEmpty, "\(leaks.joined(separator: "\n"))")
    }

    @Test("to programs that encrypt it the key goes through pipes alone")
    func keysForPrograms() async throws {
        let leaks = try await Self.traced {
            let encryption = try SentinelEncryption()
            let fixture = try RotationRunFixture(flags: RotationRunFixture.shortWindows + encryption.flags)
            return try Self.leaks(of: fixture, encryption: encryption)
        }
        #expect(leaks.isEmpty, "\(leaks.joined(separator: "\n"))")
    }

    @Test("to AWS goes no secret access key, and the key only in the bodies of the writes")
    func keysAndCredentialsOfAWS() async throws {
        let leaks = try await Self.traced {
            let name = "sentinel/" + UUID().uuidString
            let server = try AWSServer.shared.get()
            let fixture = try RotationRunFixture(
                flags: RotationRunFixture.shortWindows + SentinelServices.awsFlags(name))
            return try Self.leaks(of: fixture, services: SentinelServices(aws: server, name))
        }
        #expect(leaks.isEmpty, "\(leaks.joined(separator: "\n"))")
    }

    @Test("a publisher that writes the key to another file is found out")
    func plantedLeakIsFound() async throws {
        let leaks = try await Self.traced {
            let fixture = try RotationRunFixture(publisher: "leaky")
            try fixture.install(
                "leaky",
                #"""
                #!/bin/sh
                [ "$1" = publish ] || exec PUBLISHER "$@"
                IFS= read -r line
                printf '%s\n' "$line" | sed 's/.*"value":"\([^"]*\)".*/\1/' | base64 -w 0 > "$0.stolen"
                printf '%s\n' "$line" | PUBLISHER "$@"
                """#)
            return try Self.leaks(of: fixture)
        }
        #expect(leaks.contains { $0.contains("the successor in write of base64 to") && $0.contains(".stolen") })
        #expect(leaks.contains { $0.contains(".stolen holds the successor") })
    }

    @Test("nothing that a publisher or a probe prints brings the key to light")
    func chattyProgramsAreRedacted() async throws {
        let leaks = try await onOwnThread {
            try RotationRunFixture(publisher: "chatty").printedLeaks()
        }
        #expect(leaks.isEmpty, "\(leaks.joined(separator: "\n"))")
    }

    @Test("a step that crashes leaves no core file")
    func crashLeavesNoCore() async throws {
        try await onOwnThread {
            let fixture = try RotationRunFixture()
            // A shell shows whether the system writes core files here at all.
            let control = try ProgramRun.run(
                try Self.reportingCore(in: fixture.logs.path) + ["/bin/sh", "-c", "kill -SEGV $$"], environment: [:],
                logs: fixture.logs.path, name: "control")
            guard control.output.hasPrefix("\(SIGSEGV) ") else { throw Complaint("the shell did not crash") }
            for (number, signal) in [SIGSEGV, SIGABRT].enumerated() {
                let victim = Victim()
                let before = fixture.proxy.exchanges.count
                fixture.proxy.faults = [
                    Fault(.notifyBeforeReply { victim.kill(signal) }, at: before), Fault(.dropReply, at: before),
                ]
                let run = try fixture.run(
                    "ork-create", handoffs: ["\(number).json"],
                    wrapper: try Self.reportingCore(in: fixture.logs.path), victim: victim)
                guard run.output == "\(signal) without a core\n" else {
                    throw Complaint("\(run.output)\(run.errors)")
                }
            }
            let cores = try FileManager.default.contentsOfDirectory(atPath: fixture.logs.path)
                .filter { $0.hasPrefix("core") }
            let allowed = control.output.hasSuffix(" with a core\n") ? 1 : 0
            guard cores.count <= allowed else { throw Complaint("core files: \(cores)") }
        }
    }

    /// Runs a program in a folder without a limit for core files, passes signals on to it, and prints by which it ended
    /// and whether the system wrote a core.
    private static func reportingCore(in folder: String) throws -> [String] {
        let script = """
            import os, resource, signal, sys
            os.chdir(sys.argv[1])
            hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
            resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
            for number in (signal.SIGSEGV, signal.SIGABRT):
                signal.signal(number, lambda number, frame: os.kill(process, number))
            process = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ, setsigdef=[signal.SIGPIPE])
            status = os.waitpid(process, 0)[1]
            print(os.WTERMSIG(status), "with a core" if os.WCOREDUMP(status) else "without a core")
            """
        return [try Python.interpreter(), "-c", script, folder]
    }

    /// strace gave up because a call of its own failed, which says nothing about the step and leaves half a trace.
    private struct LostByStrace: Error {
        let text: String
    }

    /// Runs a rotation under strace, and a second, new one if strace lost the first.
    private static func traced(_ rotation: @escaping @Sendable () throws -> [String]) async throws -> [String] {
        try await onOwnThread {
            do { return try rotation() } catch is LostByStrace { return try rotation() }
        }
    }

    /// Runs a whole rotation under strace and answers what is where it must not be.
    private static func leaks(
        of fixture: RotationRunFixture, services: SentinelServices? = nil, encryption: SentinelEncryption? = nil
    ) throws -> [String] {
        let predecessor = fixture.heldKeys()[0]
        var traces: [(Stage, String)] = []
        for stage in Stage.rotation {
            try fixture.useKeys()
            let file = "trace-\(stage.rawValue)"
            let run = try fixture.run(
                stage.program, handoffs: ["ork-handoff.json"], options: ["--json"],
                wrapper: ["/usr/bin/strace", "-o", fixture.targetDirectory.file(file)] + Trace.options,
                variables: ["OPENROUTER_MANAGEMENT_KEY": fixture.sandbox.managementKey.revealed() ?? ""]
                    .merging(services?.variables ?? [:]) { $1 }.merging(encryption?.variables ?? [:]) { $1 })
            guard !run.errors.contains("/usr/bin/strace: ptrace(") else { throw LostByStrace(text: run.errors) }
            guard run.isDone else { throw Complaint("\(stage): \(run.errors)") }
            traces.append((stage, file))
        }
        let successor = fixture.heldKeys()[0]
        guard successor != predecessor else { throw Complaint("nothing was rotated") }
        let rules = SentinelRules(
            successor: Sentinel("successor", successor), predecessor: Sentinel("predecessor", predecessor),
            management: Sentinel("management key", fixture.sandbox.managementKey),
            identity: Sentinel("identity", fixture.identity),
            targets: ["app.env", "app.json"].map(fixture.targetDirectory.file), port: fixture.proxy.port,
            services: services?.services ?? [], encryption: encryption)
        try encryption?.requireHeld(successor)
        try services?.requireHeld(successor)
        var leaks: [String] = []
        var seen = 0
        for (stage, file) in traces {
            let trace = Trace(try fixture.targetDirectory.read(file), of: stage.program)
            seen += trace.calls.count { rules.successor.isFound($0.bytes) }
            leaks += rules.leaks(trace, of: "\(stage)")
        }
        // The probes, the pipe and the target of each wave, and the probe of each verification.
        guard seen >= 10 else { throw Complaint("the trace shows the successor \(seen) times only") }
        return try leaks + fixture.filesWith(rules.all)
    }
}

extension RotationRunFixture {
    /// Puts a program beside the rotation; `PUBLISHER` in it stands for the publisher of files.
    func install(_ name: String, _ script: String) throws {
        let text = script.replacing("PUBLISHER", with: BuiltProduct.path("ork-publisher-file"))
        try directory.writeProgram(text, to: "ork-publisher-\(name)")
    }

    /// The files of the rotation and what was printed, where they hold a secret.
    func filesWith(_ sentinels: [Sentinel]) throws -> [String] {
        let redactor = Redactor(sentinels.map(\.secret))
        var leaks: [String] = []
        for folder in [directory.path, logs.path] {
            for file in try FileManager.default.subpathsOfDirectory(atPath: folder) {
                let bytes = FileManager.default.contents(atPath: "\(folder)/\(file)").map { [UInt8]($0) } ?? []
                let found = sentinels.filter { $0.isFound(bytes) }
                leaks += found.map { "\(file) holds the \($0.name)" }
                if found.isEmpty, redactor.contains(bytes) { leaks.append("\(file) holds something like a key") }
            }
        }
        return leaks
    }
}

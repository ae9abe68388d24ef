import TestSupport
import Testing

/// Stories of the real programs; each script says in its first line what it shows.
@Suite(.tags(.servers)) struct ScriptTests {
    // They wait more than they work; more than two at once would make the machine late for the others.
    private static let turnstile = Turnstile(2)

    @Test("a story goes as its script tells it", arguments: try Script.all())
    func stories(_ script: Script) async throws {
        await Self.turnstile.enter()
        let issue = try await onOwnThread { ScriptRun.run(script) }
        await Self.turnstile.leave()
        issue?.record()
    }
}

extension Script: CustomTestStringConvertible {
    var testDescription: String {
        "\(path.split(separator: "/").last.map(String.init) ?? path): \(title)"
    }
}

/// Lets some in at a time.
private actor Turnstile {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = count }

    func enter() async {
        guard free == 0 else {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    func leave() {
        guard waiting.isEmpty else { return waiting.removeFirst().resume() }
        free += 1
    }
}

import TestSupport
import Testing

/// Stories of the real programs; each script says in its first line what it shows.
@Suite(.serialized) struct ScriptTests {
    @Test("a story goes as its script tells it", arguments: try Script.all())
    func stories(_ script: Script) async throws {
        try await onOwnThread { ScriptRun.run(script) }?.record()
    }
}

extension Script: CustomTestStringConvertible {
    var testDescription: String {
        "\(path.split(separator: "/").last.map(String.init) ?? path): \(title)"
    }
}

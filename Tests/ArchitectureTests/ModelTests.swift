import TestSupport
import Testing

/// The model of the protocol, and its page.
@Suite(.tags(.values)) struct ModelTests {
    private static func lines(_ name: String) throws -> [Substring] {
        try SourceTree.File(path: "Tests/Model/" + name).text().split(separator: "\n")
    }

    private static func guards() throws -> [String] {
        try lines("guards.pml").compactMap { $0.wholeMatch(of: /#define ([A-Z_]+) \d+/).map { String($0.output.1) } }
    }

    @Test("every guard is used in the model, has a mutant, and stands on the page")
    func names() throws {
        let guards = try Self.guards()
        #expect(guards.count > 20)
        let model = try SourceTree.files(in: ["Tests/Model"]).filter { $0.name.hasSuffix(".pml") }
            .map { try $0.text() }.joined()
        for name in guards { #expect(model.contains("guard(\(name), "), "\(name)") }
        #expect(
            try Self.lines("mutants").compactMap { $0.split(separator: " ").first.map(String.init) }.sorted()
                == guards.sorted())
        let rows = try Self.lines("README.md").compactMap { $0.prefixMatch(of: /\| `([A-Z_]+)` \|/) }
        #expect(rows.map { String($0.output.1) }.sorted() == guards.sorted())
    }

    @Test("what the page quotes of the code is there")
    func quotations() throws {
        var checked = 0
        for line in try Self.lines("README.md") {
            guard let row = line.wholeMatch(of: /\| `[A-Z_]+` \|.*\| `(Sources[^`]+)` \| `(.+)` \|/) else { continue }
            checked += 1
            let quoted = row.output.2.replacing("\\|", with: "|")
            #expect(try SourceTree.File(path: String(row.output.1)).text().contains(quoted), "\(quoted)")
        }
        #expect(checked > 15)
    }
}

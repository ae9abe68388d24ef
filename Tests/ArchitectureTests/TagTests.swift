import TestSupport
import Testing

/// `Tests/run.sh` finds a suite by the tag in its file, and runs it by the file's name.
@Suite(.tags(.values)) struct TagTests {
    private static let tags = ["values", "processes", "servers", "pipelines"].map { ".tags(.\($0)" }

    private static func suites() throws -> [SourceTree.File] {
        try SourceTree.files(in: ["Tests"]).filter { file in
            try file.name.hasSuffix(".swift") && file.text().contains("\n    @Test")
        }
    }

    @Test("every suite has exactly one tag")
    func oneTag() throws {
        let suites = try Self.suites()
        #expect(suites.count > 150)
        for file in suites {
            let text = try file.text()
            let counts = Self.tags.map { text.ranges(of: $0).count }
            #expect(counts.reduce(0, +) == 1, "\(file.path) has \(counts)")
        }
    }

    @Test("a suite is alone in a file of its name")
    func oneFile() throws {
        for file in try Self.suites() {
            let name = file.name.dropLast(".swift".count)
            #expect(name.hasSuffix("Tests"), "\(file.path)")
            #expect(try file.text().contains("struct \(name)"), "\(file.path)")
        }
    }
}

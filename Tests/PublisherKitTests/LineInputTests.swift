import PublisherKit
import SystemPackage
import TestSupport
import Testing

@Suite(.tags(.values)) struct LineInputTests {
    @Test(
        "another worker begins only where another request may come",
        arguments: [
            ("one\ntwo\n", true, [false, true]), ("one\ntwo\n", false, [false, false]), ("one\n", true, [true]),
            ("one\n", false, [false]), ("one\ncut off", true, [true]),
        ] as [(String, Bool, [Bool])])
    func end(text: String, isClosed: Bool, ends: [Bool]) throws {
        let pipe = try FileDescriptor.pipe()
        defer { try? pipe.readEnd.close() }
        try pipe.writeEnd.writeAll(text.utf8)
        if isClosed { try pipe.writeEnd.close() }
        defer { if !isClosed { try? pipe.writeEnd.close() } }
        var input = LineInput(pipe.readEnd)
        #expect(!input.isAtEnd)
        for end in ends {
            #expect(input.next() != nil)
            #expect(input.isAtEnd == end)
        }
    }

    @Test("what no line feed ends is no request, and a file may always have more")
    func file() throws {
        let folder = try TemporaryDirectory()
        let path = FilePath(folder.file("requests"))
        let file = try FileDescriptor.open(path, .readWrite, options: .create, permissions: .ownerReadWrite)
        defer { try? file.close() }
        try file.writeAll("one\ntw".utf8)
        try file.seek(offset: 0, from: .start)
        var input = LineInput(file)
        #expect(input.next() == Array("one".utf8))
        #expect(!input.isAtEnd)
        #expect(input.next() == nil)
    }
}

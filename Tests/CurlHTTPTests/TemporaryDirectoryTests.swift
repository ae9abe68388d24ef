import FoundationEssentials
import TestSupport
import Testing

@Suite("Folders for tests", .tags(.values))
struct TemporaryDirectoryTests {
    @Test("a folder holds files and goes with its last reference")
    func folderGoes() throws {
        var folder: TemporaryDirectory? = try TemporaryDirectory()
        let path = try #require(try folder?.write("text", to: "file"))
        #expect(path.hasSuffix("/file"))
        #expect(try folder?.read("file") == "text")
        folder = nil
        #expect(!FileManager.default.fileExists(atPath: path))
    }
}

import Testing

struct ImportTests {
    @Test("a module imports what the table lets it import", arguments: try SourceTree.modules())
    func table(folder: String) throws {
        try #require(ImportTable.allowed[folder] != nil, "the table does not name this module")
        for file in try SourceTree.files(in: [folder]) where file.name.hasSuffix(".swift") {
            let forbidden = ImportTable.forbidden(in: try file.text(), of: folder)
            #expect(forbidden.isEmpty, "\(file.path) imports \(forbidden.sorted())")
        }
    }

    @Test("the table names no module that is not there")
    func leftovers() throws {
        #expect(Set(ImportTable.allowed.keys).subtracting(try SourceTree.modules()).isEmpty)
    }

    @Test(
        "a wrong import is seen, whatever it is dressed as",
        arguments: [
            ("Sources/Steps", "import CurlHTTP", "CurlHTTP"),
            ("Sources/Steps", "package import PluginHost", "PluginHost"),
            ("Sources/Steps", "import HTTP\nprivate import Glibc\n", "Glibc"),
            ("Sources/Rotation", "@testable import Steps", "Steps"),
            ("Sources/Rotation", "@preconcurrency\n@_exported public import Steps", "Steps"),
            ("Sources/JSON", "    import   Foundation // for Date", "Foundation"),
            ("Sources/JSON", "import struct Foundation.Date", "Foundation"),
            ("Sources/StepCLI", "internal import CSodium", "CSodium"), ("plugins/file", "import Rotation", "Rotation"),
            ("plugins/file", "import Rotation;import JSON", "Rotation"), ("Sources/Nowhere", "import JSON", "JSON"),
        ])
    func wrongImports(folder: String, source: String, module: String) {
        #expect(ImportTable.forbidden(in: source, of: folder) == [module])
    }

    @Test("what only looks like an import is none")
    func lookAlikes() {
        #expect(imports(of: "// import Foundation\nlet important = 1\n/// imports JSON").isEmpty)
        #expect(ImportTable.forbidden(in: "public import FoundationEssentials", of: "Sources/JSON").isEmpty)
    }

    @Test("a C library has one face", arguments: ["CCurl", "CGit2", "CSodium", "CYAML", "CLinux"])
    func faces(library: String) {
        #expect(ImportTable.allowed.values.filter { $0.contains(library) }.count == 1)
    }
}

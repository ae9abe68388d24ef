import FoundationEssentials
import TestSupport

/// `ci-templates/install`, and a build of ork for it that takes little time to install and to pack.
struct Installation {
    private static let scripts = BuiltProduct.repository + "/ci-templates/install"
    let folder: TemporaryDirectory
    var build: String { folder.file("build") }

    /// It could not be installed or packed.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// With these programs of this build, and a small one of the system in the place of each other.
    init(_ programs: [String]) throws {
        folder = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: build, withIntermediateDirectories: false)
        for program in try Self.names() + ["ork-sandbox"] {
            try FileManager.default.createSymbolicLink(
                atPath: "\(build)/\(program)",
                withDestinationPath: programs.contains(program) ? BuiltProduct.path(program) : "/usr/bin/true")
        }
    }

    /// The programs that are installed, by the folders of the source.
    static func names() throws -> [String] {
        func folders(_ root: String) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: BuiltProduct.repository + "/" + root)
        }
        let steps = try folders("Sources/Programs").filter { $0 != "ork-sandbox" }
        let publishers = try folders("plugins").filter { !["README.md", "examples"].contains($0) }
        return (steps + publishers.map { "ork-publisher-" + $0 }).sorted()
    }

    /// Runs a script of `ci-templates/install`, without the programs of this build in PATH.
    @discardableResult
    func run(_ script: String, _ arguments: [String], environment: [String: String] = [:]) async throws -> String {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let result = try await Place.run(
            "\(Self.scripts)/\(script)", arguments,
            environment: environment.merging(["PATH": path]) { given, _ in given })
        guard result.succeeded else { throw Failure(description: result.output) }
        return result.output
    }

    func install(_ prefix: String, destination: String = "") async throws {
        try await run("install.sh", ["--prefix", prefix, "--build-dir", build], environment: ["DESTDIR": destination])
    }

    /// Runs lines of shell in the folder, with nothing else in the environment.
    func shell(_ lines: String, _ arguments: [String] = []) async throws -> (succeeded: Bool, output: String) {
        try await Place.run(
            "/bin/sh", ["-euc", lines, "sh"] + arguments, in: folder.path,
            environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": folder.path])
    }

    /// The files under a folder of this one, without links, by their paths in it.
    func files(_ name: String) throws -> Set<String> {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.file(name))
        return Set(
            paths.filter { path in
                var isFolder = false
                return FileManager.default.fileExists(atPath: "\(folder.file(name))/\(path)", isDirectory: &isFolder)
                    && !isFolder
            })
    }
}

import FoundationEssentials
import JSON
import Synchronization
import TestSupport
import Testing

/// The publisher that `plugins/README.md` shows, built as somebody else would build it: in a package of its own, with a
/// path dependency and public API alone.
@Suite(.tags(.servers)) struct OutsidePackageTests {
    private static let manifest = """
        // swift-tools-version: 6.2
        import PackageDescription

        let package = Package(
            name: "shelf", platforms: [.macOS(.v15)],
            dependencies: [.package(name: "ork", path: "\(BuiltProduct.repository)")],
            targets: [
                .executableTarget(
                    name: "ork-publisher-shelf", dependencies: [.product(name: "PublisherKit", package: "ork")])
            ])
        """

    /// The Swift code of the page.
    private static func code() throws -> String {
        let path = BuiltProduct.repository + "/plugins/README.md"
        let page = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
        let block = try #require(
            page.split(separator: "```swift\n").first { $0.contains("@main struct ShelfPublisher") })
        return String(try #require(block.split(separator: "```\n").first))
    }

    @Test("a service publisher of less than 80 lines, built outside this package, keeps the contract")
    func shelf() async throws {
        let code = try Self.code()
        #expect(code.split(separator: "\n").count < 80)
        let folder = try TemporaryDirectory()
        try folder.write(Self.manifest, to: "Package.swift")
        try FileManager.default.createDirectory(
            atPath: folder.file("Sources/ork-publisher-shelf"), withIntermediateDirectories: true)
        try folder.write(code, to: "Sources/ork-publisher-shelf/ShelfPublisher.swift")
        // Kept between runs: ork's modules are built once more in it.
        let scratch = BuiltProduct.repository + "/.build-outside"
        // Suites of git give this process another home for a moment, whose folder goes while the compiler writes to it.
        let build = try await CommandRun([
            "/usr/bin/env", "-u", "HOME", "swift", "build", "--package-path", folder.path, "--scratch-path", scratch,
            "--product",
            "ork-publisher-shelf",
        ])
        try #require(build.succeeded, "\(build.output)\(build.errors)")

        let texts = Mutex<[String: String]>([:])
        let server = try LoopbackServer { request, connection in
            let (status, body) = texts.withLock { Self.answer(request.message, &$0) }
            connection.respond(status, headers: [("Content-Type", "application/json")], body: body)
        }
        let address = "http://127.0.0.1:\(server.port)"
        let run = try await CommandRun(
            [
                BuiltProduct.path("ork-conform"), scratch + "/debug/ork-publisher-shelf", "--with", "name=key",
                "--env", "SHELF_TOKEN", "--target-command",
                "curl -s \(address)/v1/texts/key -H 'Authorization: Bearer t'",
            ], environment: ["PATH": "/usr/bin:/bin", "SHELF_TOKEN": "t", "SHELF_URL": address])
        #expect(
            run.output.split(separator: "\n").last == "23 passed, 0 failed, 1 skipped", "\(run.output)\(run.errors)")
    }

    /// The service: one token, texts by name.
    private static func answer(_ request: WireMessage, _ texts: inout [String: String]) -> (Int, String) {
        guard request[header: "authorization"] == "Bearer t" else { return (401, "{}") }
        let name = String(request.target.split(separator: "/").last ?? "")
        guard request.method == "PUT" else {
            return texts[name].map { (200, JSONValue.object(["value": .string($0)]).text()) } ?? (404, "{}")
        }
        texts[name] = (try? JSONValue(parsing: request.body))?["value"]?.string
        return (204, "")
    }
}

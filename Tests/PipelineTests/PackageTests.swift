import FoundationEssentials
import TestSupport
import Testing

@Suite("package.sh", .tags(.pipelines))
struct PackageTests {
    private let installation: Installation

    init() throws { installation = try Installation(["ork-publisher-git", "ork-publisher-vault-kv", "ork-status"]) }

    private func package(to output: String) async throws {
        // Packing well takes half a minute.
        try await installation.run(
            "package.sh", ["--output", installation.folder.file(output), "--build-dir", installation.build],
            environment: [
                "DPKG_DEB_COMPRESSOR_TYPE": "none", "DEBFULLNAME": "Someone", "DEBEMAIL": "someone@example.com",
            ])
    }

    @Test("a package and a tarball: the same bytes each time, complete, and they run from where they are unpacked")
    func packages() async throws {
        async let first: Void = package(to: "dist")
        async let second: Void = package(to: "again")
        _ = try await (first, second)
        let sums = try await installation.shell("cd dist && sha256sum --check --strict --quiet SHA256SUMS && ls")
        #expect(sums.succeeded, "\(sums.output)")
        let names = /SHA256SUMS\nork-[\d.]+-linux-\w+\.tar\.gz\nork_[\d.]+_\w+\.deb\n/
        #expect(sums.output.wholeMatch(of: names) != nil, "\(sums.output)")
        #expect(try installation.folder.read("dist/SHA256SUMS") == installation.folder.read("again/SHA256SUMS"))

        let unpacked = try await installation.shell(
            """
            mkdir tarball
            tar -xzf dist/ork-*.tar.gz -C tarball --strip-components 1
            dpkg-deb --extract dist/ork_*.deb deb
            env -i tarball/bin/ork-status --version
            env -i deb/usr/bin/ork-status --version
            env -i deb/usr/bin/ork-publisher-git info
            """)
        #expect(unpacked.succeeded && unpacked.output.contains("\"protocol\":1"), "\(unpacked.output)")
        let lines = unpacked.output.split(separator: "\n")
        #expect(lines.count == 3 && lines[0] == lines[1])

        let inTarball = try installation.files("tarball")
        let inPackage = try installation.files("deb").map { String($0.dropFirst("usr/".count)) }
        let apart: Set = ["lib/ork/installed", "share/doc/ork/changelog.gz", "share/doc/ork/copyright"]
        #expect(inTarball.symmetricDifference(inPackage) == apart)
        #expect(inTarball.isSuperset(of: try Installation.names().map { "bin/" + $0 }))

        let contents = try await installation.shell("dpkg-deb --contents dist/ork_*.deb; tar -tvzf dist/ork-*.tar.gz")
        for line in contents.output.split(separator: "\n") {
            #expect(line.contains(" root/root ") || line.contains(" 0/0 "), "\(line)")
        }

        let depends = try await installation.shell("dpkg-deb --field dist/ork_*.deb Depends")
        let needed = depends.output.split(separator: ",").compactMap { $0.split(whereSeparator: \.isWhitespace).first }
        for library in ["libc6", "libcurl4", "libgit2-", "libsodium", "libyaml-0-", "libstdc++6", "ca-certificates"] {
            #expect(needed.contains { $0.hasPrefix(library) }, "\(library) is not in \(needed)")
        }
        #expect(!needed.contains { $0.contains("swift") || $0.contains("icu") }, "\(needed)")
    }
}

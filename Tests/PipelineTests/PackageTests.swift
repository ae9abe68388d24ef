import FoundationEssentials
import TestSupport
import Testing

@Suite("package.sh", .tags(.pipelines))
struct PackageTests {
    private let installation: Installation

    init() throws { installation = try Installation(["ork-publisher-git", "ork-publisher-vault-kv", "ork-status"]) }

    @discardableResult
    private func package(to output: String, _ options: String...) async throws -> String {
        // Packing well takes half a minute.
        try await installation.run(
            "package.sh", ["--output", installation.folder.file(output), "--build-dir", installation.build] + options,
            environment: [
                "DPKG_DEB_COMPRESSOR_TYPE": "none", "DEBFULLNAME": "Someone", "DEBEMAIL": "someone@example.com",
            ])
    }

    @Test(
        "an option without its value, or that is none, is told in one sentence",
        arguments: ["--output", "--build-dir", "--sign", "--suffix", "--what"])
    func usage(option: String) async throws {
        let failure = await #expect(throws: Installation.Failure.self) {
            try await installation.run("package.sh", ["--slim", option])
        }
        let sentence = option == "--what" ? "there is no option --what" : "\(option) has no value"
        #expect(
            failure?.description
                == "package.sh: error: \(sentence)\npackage.sh: hint: see the first lines of this script\n")
    }

    @Test("a package and a tarball: the same bytes each time, complete, and they run from where they are unpacked")
    func packages() async throws {
        let keys = try await installation.shell("ssh-keygen -q -t ed25519 -N '' -C '' -f key; cat key.pub")
        async let first = package(to: "dist", "--sign", installation.folder.file("key"))
        async let second = package(to: "again")
        let (signed, unsigned) = try await (first, second)
        #expect(unsigned.contains("SHA256SUMS is not signed") && !signed.contains("SHA256SUMS is not signed"))
        let sums = try await installation.shell("cd dist && sha256sum --check --strict --quiet SHA256SUMS && ls")
        #expect(sums.succeeded, "\(sums.output)")
        let names =
            /SHA256SUMS\nSHA256SUMS\.sig\nork-[\d.]+-linux-\w+\.cdx.json\nork-[\d.]+-linux-\w+\.tar\.gz\nork-sandbox_[\d.]+_\w+\.deb\nork_[\d.]+_\w+\.deb\n/
        #expect(sums.output.wholeMatch(of: names) != nil, "\(sums.output)")
        #expect(try installation.folder.read("dist/SHA256SUMS") == installation.folder.read("again/SHA256SUMS"))
        #expect(try installation.files("again").contains("SHA256SUMS.sig") == false)
        try installation.folder.write("ork namespaces=\"ork-release\" \(keys.output)", to: "signers")
        let verified = try await installation.shell(
            "ssh-keygen -Y verify -f signers -I ork -n ork-release -s dist/SHA256SUMS.sig <dist/SHA256SUMS")
        #expect(verified.succeeded, "\(verified.output)")

        let copies = try await installation.shell("grep -v -e ---- key >lines; grep -rlF -f lines dist again || true")
        #expect(copies.output.isEmpty, "\(copies.output)")

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
        func isOfRuntime(_ path: String) -> Bool { path.hasSuffix(".so") || path.contains(".so.") }
        let brought = inTarball.filter { $0.hasPrefix("share/doc/ork/libraries/") }
        #expect(inTarball.symmetricDifference(inPackage).filter { !isOfRuntime($0) } == apart.union(brought))

        // The tarball brings what the system of another name has, with its licences, and nothing that all have; from there
        // the program takes it.
        let libraries = Set(inTarball.filter(isOfRuntime).compactMap { $0.split(separator: "/").last.map(String.init) })
        #expect(libraries.contains { $0.hasPrefix("libgit2.so.") })
        #expect(!libraries.contains { $0.hasPrefix("libcurl") || $0.hasPrefix("libc.") || $0.hasPrefix("libsodium") })
        #expect(brought.contains { $0.hasPrefix("share/doc/ork/libraries/libgit2-") })
        #expect(!inPackage.contains { $0.contains("libgit2.so") })
        let git = try await installation.shell("ldd tarball/bin/ork-publisher-git | grep libgit2")
        #expect(git.output.contains("tarball/bin/../lib/ork/"), "\(git.output)")

        let sandbox = try await installation.shell(
            "dpkg-deb --contents dist/ork-sandbox_*.deb; dpkg-deb --field dist/ork-sandbox_*.deb Depends")
        for part in [
            "/usr/bin/ork-sandbox\n", "/man1/ork-sandbox.1.gz\n", "/completions/ork-sandbox\n",
            "/usr/bin/ork-rehearse -> ", "/shell/rehearse.sh\n", "ork (= \(lines[0]))",
        ] {
            #expect(sandbox.output.contains(part), "\(sandbox.output)")
        }
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

        let file = try #require(try installation.files("dist").first { $0.hasSuffix(".cdx.json") })
        let sbom = try await SBOM(installation.folder.file("dist/\(file)"))
        #expect(sbom.parts["ork"]?.hasPrefix("\(lines[0]) ") == true)
        let packages = ["flyingfox", "swift-argument-parser", "swift-system", "swift-runtime"]
        let loaded = needed.map(String.init).filter { $0 != "ca-certificates" }
        let carried = brought.compactMap { $0.split(separator: "/").last?.dropLast(".txt".count) }.map(String.init)
        #expect(Set(sbom.parts.keys) == Set(["ork"] + packages + loaded + carried))
    }

    @Test("a key that cannot be read is told before anything is built")
    func noKey() async throws {
        let failure = await #expect(throws: Installation.Failure.self) {
            try await package(to: "dist", "--sign", installation.folder.file("nowhere"))
        }
        #expect(failure?.description.contains("nowhere cannot be read") == true)
        #expect(!FileManager.default.fileExists(atPath: installation.folder.file("dist")))
    }
}

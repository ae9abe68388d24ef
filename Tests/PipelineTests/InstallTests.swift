import FoundationEssentials
import TestSupport
import Testing

@Suite("install.sh", .tags(.pipelines))
struct InstallTests {
    private let installation: Installation

    init() throws { installation = try Installation(["ork-publish", "ork-publisher-file", "ork-status"]) }

    @Test("what it installs runs wherever it is moved to, with nothing of the toolchain, and finds its publishers")
    func selfContained() async throws {
        try await installation.install("/opt/ork", destination: installation.folder.file("staged"))
        #expect(try installation.files("staged").allSatisfy { $0.hasPrefix("opt/ork/") })
        try FileManager.default.moveItem(
            atPath: installation.folder.file("staged/opt/ork"), toPath: installation.folder.file("ork"))
        let files = try installation.files("ork")
        #expect(Set(files.filter { $0.hasPrefix("bin/") }) == Set(try Installation.names().map { "bin/" + $0 }))
        for file in ["share/ork/shell/rotate.sh", "share/ork/github/setup/action.yml", "share/doc/ork/README.md"] {
            #expect(files.contains(file), "\(file)")
        }

        // Completions and manual pages, of which the pages say what the programs say.
        let page = try await installation.shell("gzip -dc ork/share/man/man1/ork-publish.1.gz")
        #expect(
            page.output.contains("ork-publish \\- ") && page.output.contains("\\fB\\-\\-create\\-target\\fR <target>"))
        let completion = try await installation.shell(
            "exec bash -c '. ork/share/bash-completion/completions/ork-status; complete -p ork-status'")
        #expect(completion.output.contains(" ork-status"), "\(completion.output)")
        for file in ["zsh/site-functions/_ork-status", "fish/vendor_completions.d/ork-status.fish"] {
            #expect(files.contains("share/" + file), "\(file)")
        }

        let version = try await installation.shell("exec env -i ork/bin/ork-status --version")
        #expect(version.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil, "\(version.output)")
        let check = try await installation.shell(
            "echo KEY=none >.env; exec ork/bin/ork-publish --check --to \"file:path=$PWD/.env,name=KEY\" --wait 0s")
        #expect(check.succeeded, "\(check.output)")

        // Where the loader takes libraries from, by the files' own word and by its own.
        let loaded = try await installation.shell("ldd ork/bin/* ork/lib/ork/*/*.so")
        let runtime = try #require(files.first { $0.hasSuffix("/libswiftCore.so") }).dropLast("/libswiftCore.so".count)
        for line in loaded.output.split(separator: "\n") where line.contains("=>") {
            let place = line.split(separator: " ").dropFirst(2).first ?? ""
            let isOurs = place.hasPrefix("ork/bin/../\(runtime)/") || place.hasPrefix(installation.folder.path)
            #expect(isOurs || place.hasPrefix("/lib/") || place.hasPrefix("/usr/lib/"), "\(line)")
        }
        let searched = try await installation.shell("readelf -d ork/bin/* ork/lib/ork/*/* | grep -e RPATH -e RUNPATH")
        for line in searched.output.split(separator: "\n") {
            #expect(line.contains("[$ORIGIN]") || line.contains("[$ORIGIN/../\(runtime)]"), "\(line)")
        }
        let binaries = files.count { $0.hasPrefix("bin/") || $0.hasSuffix(".so") }
        #expect(searched.output.split(separator: "\n").count == binaries)
        #expect(!files.contains { $0.contains("ICU") || $0.hasSuffix("/libFoundation.so") })
    }

    @Test("over an older version while programs run, nothing old is left, nothing fails, and what is not ork's stays")
    func replaced() async throws {
        try await installation.install(installation.folder.file("ork"))
        // An older version: with another runtime, with files that there are no more, and an install that was cut short.
        let aged = try await installation.shell(
            """
            cd ork
            mv lib/ork/*/ lib/ork/000000000000
            for program in bin/*; do patchelf --set-rpath '$ORIGIN/../lib/ork/000000000000' "$program"; done
            sed -i 's|^lib/ork/[^/]*/|lib/ork/000000000000/|' lib/ork/installed
            for old in bin/ork-old share/ork/shell/old.sh; do echo "$old" >>lib/ork/installed; echo old >"$old"; done
            echo cut >bin/ork-status.new
            for mine in bin/ork-publisher-mine bin/another share/another; do echo mine >"$mine"; done
            """)
        try #require(aged.succeeded, "\(aged.output)")
        let watched = try await installation.shell(
            """
            build=$1 install=$2
            while [ ! -e over ]; do ork/bin/ork-status --version || echo failed; done >runs 2>&1 &
            "$install" --prefix "$PWD/ork" --build-dir "$build" 2>log || cat log
            touch over
            wait
            sort runs | uniq -c
            """, [installation.build, BuiltProduct.repository + "/ci-templates/install/install.sh"])
        #expect(watched.output.wholeMatch(of: #/ *\d+ \d+\.\d+\.\d+\n/#) != nil, "\(watched.output)")
        let files = try installation.files("ork")
        let gone = ["bin/ork-old", "share/ork/shell/old.sh"]
        #expect(!files.contains { $0.contains("000000000000") || gone.contains($0) || $0.hasSuffix(".new") })
        #expect(files.isSuperset(of: ["bin/ork-publisher-mine", "bin/another", "share/another"]))

        // Once more: nothing is written again.
        let inodes = "stat -c '%i %n' ork/bin/* ork/lib/ork/*/* ork/share/ork/*/*"
        let before = try await installation.shell(inodes)
        try await installation.install(installation.folder.file("ork"))
        #expect(try await installation.shell(inodes).output == before.output)

        try await installation.run("install.sh", ["--uninstall", "--prefix", installation.folder.file("ork")])
        #expect(try installation.files("ork") == ["bin/ork-publisher-mine", "bin/another", "share/another"])
    }

    @Test("a libcurl that it builds is loaded instead of the system's, and its version and licence lie beside it")
    func slim() async throws {
        // The system's own stands in: building one takes a network, and longer than a test may.
        let source = try await installation.shell(
            """
            mkdir source
            for entry in README.md Sources plugins; do ln -s "$1/$entry" source; done
            cp -R "$1/ci-templates" source
            cat >source/ci-templates/install/slim-curl.sh <<'SCRIPT'
            cp "$(ldconfig -p | sed -n 's/.*libcurl.so.4 .*=> //p' | head -n 1)" "$1"
            echo curl 1.2.3 >"$1/version"
            echo 'Copyright: of curl' >"$1/copyright"
            SCRIPT
            source/ci-templates/install/install.sh --prefix "$PWD/ork" --build-dir "$2" --slim 2>&1
            """, [BuiltProduct.repository, installation.build])
        try #require(source.succeeded, "\(source.output)")
        let loaded = try await installation.shell(
            "ldd ork/bin/ork-publish | grep libcurl; ork/bin/ork-publish --version")
        #expect(loaded.output.contains(#/libcurl\.so\.4 => \S+/ork/bin/\.\./lib/ork/[0-9a-f]+/libcurl\.so\.4 /#))
        let beside = try await installation.shell("cat ork/share/doc/ork/libraries/libcurl4*.txt")
        #expect(beside.output == "curl 1.2.3\nCopyright: of curl\n")
    }

    @Test("a build that is not whole is refused before anything is written")
    func incomplete() async throws {
        try FileManager.default.removeItem(atPath: installation.build + "/ork-retire")
        await #expect(throws: Installation.Failure.self) {
            try await installation.install(installation.folder.file("ork"))
        }
        #expect(try installation.files("ork").isEmpty)
    }
}

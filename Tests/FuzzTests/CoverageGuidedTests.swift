#if FUZZER
    import FoundationEssentials
    import Glibc
    import Synchronization
    import SystemPackage
    import TestSupport
    import Testing

    /// libFuzzer over the target that `ORK_FUZZ_TARGET` names, with the arguments in `ORK_FUZZ_ARGUMENTS`, from the inputs in
    /// `ORK_FUZZ_CORPUS`. It ends the process.
    @Suite(.tags(.values)) struct CoverageGuidedTests {
        static let target = Mutex<FuzzTarget?>(nil)

        @Test("coverage leads to no input for which a property does not hold")
        func run() throws {
            let environment = ProcessInfo.processInfo.environment
            let name = environment["ORK_FUZZ_TARGET"]
            let target = try #require(FuzzTarget.all.first { $0.name == name })
            Self.target.withLock { $0 = target }
            let folder = try #require(environment["ORK_FUZZ_CORPUS"])
            let dictionary = try Self.prepare(folder, for: target)
            let arguments = (environment["ORK_FUZZ_ARGUMENTS"] ?? "").split { " \n".contains($0) }.map(String.init)
            let words = ["fuzz", "-dict=\(dictionary)"] + arguments + [folder]
            var count = CInt(words.count)
            var pointers = unsafe words.map { unsafe strdup($0) } + [nil]
            unsafe pointers.withUnsafeMutableBufferPointer { buffer in
                var start = buffer.baseAddress
                _ = unsafe runDriver(&count, &start) { bytes, length in
                    let input = unsafe Array(UnsafeBufferPointer(start: bytes, count: length))
                    do { try CoverageGuidedTests.target.withLock(\.self)?.check(input) } catch {
                        _ = try? FileDescriptor.standardError.writeAll(Array("\(error)\n".utf8))
                        abort()
                    }
                    return 0
                }
            }
            exit(EXIT_SUCCESS)
        }

        /// Puts the examples into the folder, and the words into a dictionary beside it, whose path is given back.
        private static func prepare(_ folder: String, for target: FuzzTarget) throws -> String {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for (number, bytes) in try (target.corpus() + target.finds().map(\.bytes)).enumerated() {
                try Data(bytes).write(to: URL(filePath: "\(folder)/example-\(number)"))
            }
            let lines = target.words.map { word in
                "\"" + word.utf8.map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "\"\n"
            }
            try Data(lines.joined().utf8).write(to: URL(filePath: folder + ".words"))
            return folder + ".words"
        }
    }

    /// libFuzzer's own entry (LLVM, "libFuzzer: Using libFuzzer as a library").
    @_silgen_name("LLVMFuzzerRunDriver")
    private func runDriver(
        _ count: UnsafeMutablePointer<CInt>,
        _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
        _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
    ) -> CInt
#endif

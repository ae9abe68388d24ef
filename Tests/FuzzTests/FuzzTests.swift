import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// A short run of every target without coverage: mutations of its examples, for a third of a second of the processor's time.
///
/// `ORK_FUZZ_SECONDS=60` makes it a minute each, `ORK_FUZZ_SEED` another run. `Tests/fuzz.sh` goes by coverage.
@Suite(.tags(.values)) struct FuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seconds = environment["ORK_FUZZ_SECONDS"].flatMap(Double.init) ?? 0.3
    private static let seed = environment["ORK_FUZZ_SEED"].flatMap(UInt64.init) ?? 1
    /// The most that one input may take, in seconds of the processor.
    private static let patience = 1.0

    @Test("the folders of examples are those of the targets, by which Tests/fuzz.sh knows them")
    func folders() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Python.file("Corpus"))
        #expect(folders.sorted() == FuzzTarget.all.map(\.name).sorted())
    }

    @Test("what it begins with holds, and so does what was once found", arguments: FuzzTarget.all)
    func examples(_ target: FuzzTarget) throws {
        let corpus = try target.corpus()
        #expect(!corpus.isEmpty)
        for bytes in corpus { try Self.check(target, bytes) }
        for find in try target.finds() { try Self.check(target, find.bytes) }
    }

    @Test("what mutations make of it holds, and takes no longer than it may", arguments: FuzzTarget.all)
    func mutations(_ target: FuzzTarget) throws {
        var mutator = Mutator(
            seed: Self.seed, try target.corpus() + target.finds().map(\.bytes), words: target.words)
        let end = Self.processorTime() + Self.seconds
        var count = 0
        while Self.processorTime() < end {
            try Self.check(target, mutator.next())
            count += 1
        }
        #expect(count > 50)
        if Self.seconds > 1 { print("\(target.name): \(count) inputs with seed \(Self.seed)") }
    }

    private static func check(_ target: FuzzTarget, _ bytes: [UInt8]) throws {
        let start = processorTime()
        do { try target.check(bytes) } catch {
            // As it is written in a shell: printf '%b' TEXT.
            let input = bytes.map { 32..<127 ~= $0 && $0 != 92 ? String(Unicode.Scalar($0)) : "\\x" + hexadecimal($0) }
            throw BrokenProperty(description: "\(error)\n\(input.joined())")
        }
        try require(processorTime() - start < patience, "\(bytes.count) bytes took \(processorTime() - start) s")
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }

    /// Of this thread, so that a busy machine changes nothing.
    private static func processorTime() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

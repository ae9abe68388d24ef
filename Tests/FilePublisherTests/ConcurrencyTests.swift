import FoundationEssentials
import Glibc
import JSON
import PublisherKit
import Secrets
import Sodium
import TestSupport
import Testing

@testable import ork_publisher_file

@Suite(.tags(.values)) struct ConcurrencyTests {
    @Test("writers of one file do not lose each other's values")
    func writersWaitForEachOther() async throws {
        let folder = try TemporaryDirectory()
        let path = try folder.write("# ours\n", to: ".env")
        try await withThrowingTaskGroup { group in
            for number in 0..<16 {
                group.addTask {
                    let with: JSONObject = ["path": .string(path), "name": .string("KEY_\(number)")]
                    let outcome = try await onOwnThread { try publish(with) }
                    #expect(outcome == .committed)
                }
            }
            try await group.waitForAll()
        }
        let lines = try folder.read(".env").split(separator: "\n")
        let value = text(successor)
        #expect(Set(lines) == Set(["# ours"] + (0..<16).map { "KEY_\($0)=\(value)"[...] }) && lines.count == 17)
        #expect(try files(folder) == [".env"])
    }

    @Test("a reader sees one value or the other at every moment")
    func readersSeeWholeFiles() async throws {
        let folder = try TemporaryDirectory()
        let keys = [text(predecessor), text(successor)]
        let path = try folder.write(keys[0], to: "key")
        let with: JSONObject = ["path": .string(path), "format": "raw"]
        async let writing = onOwnThread {
            try (0..<50).map { round in
                let key = round % 2 == 0 ? successor : predecessor
                var request = request(with, secret: key)
                request.digest = Digest(of: key)
                return try FilePublisher().publish(request).outcome
            }
        }
        let reading = try await onOwnThread { try (0..<2000).allSatisfy { _ in keys.contains(try folder.read("key")) } }
        #expect(try await writing.allSatisfy { $0 == .committed })
        #expect(reading)
    }
}

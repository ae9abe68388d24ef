import Dispatch
import FoundationEssentials
import GitHubSandbox
import Glibc
import HTTP
import JSON
import PublisherKit
import Synchronization
import TestSupport
import Testing

@testable import ork_publisher_github_secret

/// Many targets in one process.
@Suite(.tags(.values)) struct BatchTests {
    /// How many requests came through, and how many writes were under way at once.
    private final class Crowd: Sendable {
        struct Counts {
            var reads = 0
            var writes = 0
            var writing = 0
            var mostWriting = 0
        }

        private let counts = Mutex(Counts())

        var mostWriting: Int { counts.withLock(\.mostWriting) }

        func read() { counts.withLock { $0.reads += 1 } }

        func write(afterReads reads: Int, andWrites writes: Int) {
            counts.withLock {
                $0.writes += 1
                $0.writing += 1
                $0.mostWriting = max($0.mostWriting, $0.writing)
            }
            wait { $0.reads >= reads && $0.writes >= writes }
            // Long enough for others to come too, if they are let in.
            usleep(20_000)
            counts.withLock { $0.writing -= 1 }
        }

        func wait(until condition: (Counts) -> Bool) {
            while !counts.withLock({ condition($0) }) { usleep(100) }
        }
    }

    /// Publishes to all at once, each on a thread of its own as in the program.
    private func publish(_ settings: [JSONObject], in fixture: GitHubFixture) async throws -> [PublisherAnswer] {
        let publisher = fixture.publisher()
        #expect(settings.count <= publisher.concurrency)
        return try await withThrowingTaskGroup(of: PublisherAnswer.self) { group in
            for with in settings {
                group.addTask {
                    try await onOwnThread { publisher.answer(.publish, fixture.request(with, within: 3600)) }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    @Test("reads go at once, writes eight at a time, and each repository takes three exchanges")
    func boundsWrites() async throws {
        let crowd = Crowd()
        let fixture = GitHubFixture { request in
            if request.method == .put {
                crowd.write(afterReads: 24, andWrites: 8)
            } else if request.url.description.hasSuffix("public-key") {
                crowd.read()
            }
        }
        let names = (0..<24).map { "acme/service-\($0)" }
        fixture.github { sandbox, now in for name in names { sandbox.addRepository(name, at: now) } }
        let answers = try await publish(names.map { ["name": "TOKEN", "repository": .string($0)] }, in: fixture)
        #expect(answers.allSatisfy { $0.outcome == .committed })
        #expect(crowd.mostWriting == 8)
        #expect(fixture.takeAsked().count == 72)
        for name in names {
            let held = fixture.github { sandbox, _ in sandbox.plaintext(scope: .repository(name), name: "TOKEN") }
            #expect(held == SampleKeys.successor)
        }
    }

    @Test("'writes' bounds them further")
    func obeysWrites() async throws {
        let crowd = Crowd()
        let fixture = GitHubFixture { request in
            if request.method == .put { crowd.write(afterReads: 0, andWrites: 2) }
        }
        let settings: [JSONObject] = ["acme/web", "acme/api", "acme/lib"].flatMap { name in
            ["A", "B"].map { ["name": .string($0), "repository": .string(name), "writes": 2] }
        }
        let answers = try await publish(settings, in: fixture)
        #expect(answers.allSatisfy { $0.outcome == .committed })
        #expect(crowd.mostWriting == 2)
    }

    @Test("a public key is fetched once for each place and store, whoever wants it meanwhile")
    func sharesPublicKeys() async throws {
        let crowd = Crowd()
        let fixture = GitHubFixture { request in
            guard request.url.description.hasSuffix("public-key") else { return }
            crowd.read()
            // Held until each of the four places is asked for; by then the other targets want the keys too.
            crowd.wait { $0.reads >= 4 }
            usleep(20_000)
        }
        let places: [JSONObject] = [
            ["repository": "acme/web"], ["repository": "acme/web", "store": "dependabot"],
            ["repository": "acme/web", "environment": "production eu/1"],
            ["organization": "acme", "visibility": "all"],
        ]
        let settings = places.flatMap { place in
            (0..<6).map { number in
                var with = place
                with["name"] = .string("TOKEN_\(number)")
                return with
            }
        }
        let answers = try await publish(settings, in: fixture)
        #expect(answers.allSatisfy { $0.outcome == .committed }, "\(answers)")
        let asked = fixture.takeAsked()
        #expect(asked.filter { $0.hasSuffix("public-key") }.count == 4)
        // The keys, two more for each of 24 secrets, and one more for each of the 6 of the organization.
        #expect(asked.count == 58)
    }
}

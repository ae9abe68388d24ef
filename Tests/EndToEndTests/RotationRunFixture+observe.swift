import FoundationEssentials
import Glibc
import HTTP
import JSON
import Secrets
import Sodium
import TestSupport

extension RotationRunFixture {
    /// Invariant 1: every target holds a key that works and may spend. Asks OpenRouter with the key itself.
    func observe() throws {
        for index in heldKeys().indices {
            // What was read may have been replaced since; only a key that still stands there has to work.
            var isAlive = false
            for _ in 0..<3 where !isAlive {
                let key = heldKeys()[index]
                isAlive = try isLive(key) || heldKeys()[index] != key
            }
            guard isAlive else { throw Complaint("outage: target \(index) holds a key that does not work") }
        }
    }

    private func isLive(_ key: Secret) throws -> Bool {
        let answer = try sandbox.send(.get, "/key", as: key)
        guard answer.status == 200 else { return false }
        let data = try JSONValue(parsing: answer.body)["data"]
        let rest = data?["limit_remaining"]?.number?.double
        return data != nil && rest.map { $0 > 0 } ?? true
    }

    /// The lineage as the sandbox has it, without what is deleted.
    func lineage() throws -> [JSONValue] {
        try sandbox.keys().filter { key in
            let name = key["name"]?.string ?? ""
            return key["deleted_at"]?.isNull ?? false
                && (name == sandbox.predecessor.name || name.hasPrefix(sandbox.predecessor.name + " "))
        }
    }

    /// After everything: one key of the lineage, alive, and held by every target. It is an activated successor, or, where the
    /// rotation was taken back, the predecessor.
    func checkEnd(isBack: Bool = false) throws {
        try observe()
        let keys = try lineage()
        let names = keys.map { "\($0["name"]?.string ?? "?")\($0["disabled"] == true ? " (disabled)" : "")" }
        guard keys.count == 1, let key = keys.first else {
            throw Complaint("orphans: \(keys.count) keys are left: \(names.joined(separator: ", "))")
        }
        let name = key["name"]?.string ?? ""
        let isExpected =
            isBack
            ? name == sandbox.predecessor.name && key["hash"]?.string == sandbox.predecessor.hash
            : name.contains(" ork:") && !name.contains("minting")
        guard isExpected, key["disabled"] == false, key["limit"]?.isNull ?? false else {
            throw Complaint(
                "the only key that is left is \(isBack ? "not the predecessor" : "no activated successor"): \(names[0])"
            )
        }
        try lists?.check(key["hash"]?.string ?? "", sandbox)
        for held in heldKeys() {
            guard SHA256.hex(held.copyBytes()) == key["hash"]?.string else {
                throw Complaint("a target does not hold the key that is left")
            }
        }
        guard let dotenv = try? targetDirectory.read("app.env"), dotenv.hasPrefix("# the application's\n"),
            (try? targetDirectory.read("app.json"))?.hasSuffix("\"port\": 80}\n") ?? false
        else { throw Complaint("a target lost what is not ork's") }
        let files = try FileManager.default.contentsOfDirectory(atPath: targetDirectory.path).sorted()
        guard files == ["app.env", "app.json"] else {
            throw Complaint("something is left beside the targets: \(files.joined(separator: " "))")
        }
        try checkFiles()
    }

    /// Invariant 2, by what a key looks like: nothing that is written or printed holds one. And nothing is disabled
    /// without an earlier verification.
    func checkFiles() throws {
        for folder in [directory.path, logs.path] {
            for file in try FileManager.default.subpathsOfDirectory(atPath: folder) {
                let bytes = FileManager.default.contents(atPath: "\(folder)/\(file)").map { [UInt8]($0) } ?? []
                if Self.holdsKey(bytes) { throw Complaint("leak: \(file) holds a key") }
                if file.hasSuffix(".json") { try checkRecords(bytes, file) }
            }
        }
    }

    static func holdsKey(_ bytes: [UInt8]) -> Bool {
        let prefix = Array("sk-or-v1-".utf8)
        guard bytes.count >= prefix.count + 64 else { return false }
        return bytes.indices.dropLast(prefix.count + 63).contains { start in
            bytes[start] == prefix[0] && bytes[start...].starts(with: prefix)
                && bytes[(start + prefix.count)..<(start + prefix.count + 64)].allSatisfy {
                    (48...57).contains($0) || (97...102).contains($0 | 0x20)
                }
        }
    }

    private func checkRecords(_ bytes: [UInt8], _ file: String) throws {
        guard let records = try JSONValue(parsing: bytes)["records"]?.array else { return }
        var verified: String?
        var written: String?
        for record in records {
            let at = record["at"]?.string
            switch record["event"]?.string {
            case "committed": written = max(at ?? "", written ?? "")
            case "verified": verified = at
            case "disabled" where record["step"] == "retire":
                guard let verified, verified >= written ?? "" else {
                    throw Complaint("\(file): a predecessor was disabled without a verification after the last write")
                }
            default: break
            }
        }
    }
}

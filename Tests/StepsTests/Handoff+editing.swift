import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import OpenRouterSandbox
import PublisherKit
import Rotation
import RotationFixtures
import Secrets
import Sodium
import Steps
import Synchronization
import Testing
import Timestamps

extension Handoff {
    /// The file with only those records for which `isKept` holds, by their place; its signatures are the old ones.
    func keeping(_ isKept: (Int) -> Bool) throws -> Handoff {
        try edited { json in
            let records = json["records"]?.array ?? []
            json["records"] = .array(records.enumerated().filter { isKept($0.offset) }.map(\.element))
        }
    }

    /// The handoff as it stood when it had `count` records, with the boxes of now.
    func prefix(_ count: Int) throws -> Handoff { try keeping { $0 < count } }

    /// The file after somebody has put a hand to its JSON.
    func edited(_ body: (inout JSONObject) throws -> Void) throws -> Handoff {
        guard var json = try JSONValue(parsing: bytes(summary: .null), numbers: .integers).object else { return self }
        try body(&json)
        return try Handoff(parsing: JSONValue.object(json).bytes())
    }
}

extension Handoff {
    /// A record as it stands in the file.
    func json(ofRecord index: Int) -> JSONObject? {
        (try? JSONValue(parsing: bytes(summary: .null), numbers: .integers))?["records"]?.array?[index].object
    }

    /// The file with one record changed.
    func editingRecord(_ index: Int, _ body: (inout JSONObject) -> Void) throws -> Handoff {
        try edited { json in
            var records = json["records"]?.array ?? []
            guard var record = records[index].object else { return }
            body(&record)
            records[index] = .object(record)
            json["records"] = .array(records)
        }
    }
}

import FoundationEssentials
import Glibc
import HTTP
import JSON
import SandboxWire
import Secrets
import SystemPackage

/// OpenRouter's account as a file: how it began, and every request since that may have changed it, a line each.
///
/// A sandbox is a value that depends on its beginning, the requests and their times alone, so a sandbox that was killed is
/// there again when they are answered once more. A line is on the disk before its request has its effect.
struct StateFile {
    /// How the account began.
    let beginning: Beginning
    /// What it was asked since then, in order.
    let requests: [(request: HTTPRequest, at: Date)]
    private let file: FileDescriptor

    /// The seed of all that is random, and the moment.
    struct Beginning {
        let seed: UInt64
        let at: Date
    }

    /// Another file than this program has written.
    struct Malformed: Error, CustomStringConvertible {
        let path: String
        var description: String { "\(path) holds no state of ork-sandbox; name another file" }
    }

    /// Opens the file, which is made if it is not there.
    init(_ path: String, at now: Date) throws {
        file = try FileDescriptor.open(
            FilePath(path), .readWrite, options: [.create, .append, .closeOnExec], permissions: .ownerReadWrite)
        let content = try Array(Data(contentsOf: URL(filePath: path)))
        // What was killed while it wrote a line has not answered that request.
        let whole = content.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let lines = content[..<whole].split(separator: UInt8(ascii: "\n")).map { (try? JSONValue(parsing: $0)) ?? nil }
        guard let first = lines.first else {
            guard content.isEmpty || content.starts(with: Array("{\"seed\"".utf8)) else { throw Malformed(path: path) }
            try Self.cut(file, to: 0)
            // A number of JSON is exact up to 2⁵³.
            beginning = Beginning(seed: .random(in: 0..<(1 << 53)), at: now)
            requests = []
            try write(["seed": .number(JSONNumber(Int(beginning.seed))), "at": Self.json(now)])
            return
        }
        guard let seed = first["seed"]?.integer.flatMap({ UInt64(exactly: $0) }), let at = Self.date(first["at"]) else {
            throw Malformed(path: path)
        }
        beginning = Beginning(seed: seed, at: at)
        requests = try lines.dropFirst().map { line in
            guard let request = HTTPRequest(line), let at = Self.date(line["at"]) else { throw Malformed(path: path) }
            return (request, at)
        }
        try Self.cut(file, to: whole)
    }

    private static func cut(_ file: FileDescriptor, to length: Int) throws {
        guard ftruncate(file.rawValue, length) == 0 else { throw Errno(rawValue: errno) }
    }

    /// Whether a request may change the account. What a reading uses up of a fault is forgotten.
    static func keeps(_ request: HTTPRequest) -> Bool {
        let segments = RequestTarget(request).segments
        let isOthers =
            segments.first == "sandbox" && ["github", "gitlab", "kubernetes"].contains(segments.dropFirst().first)
        return request.method != .get && ["api", "sandbox"].contains(segments.first) && !isOthers
    }

    /// Keeps a request that is about to be answered.
    func keep(_ request: HTTPRequest, at now: Date) throws {
        var line = request.json
        line["at"] = Self.json(now)
        try write(.object(line))
    }

    private func write(_ line: JSONValue) throws {
        try file.writeAll(line.bytes() + [0x0A])
        guard fsync(file.rawValue) == 0 else { throw Errno(rawValue: errno) }
    }

    /// A moment that the file can hold: to the millisecond.
    static func moment(_ date: Date) -> Date {
        Date(timeIntervalSince1970: (date.timeIntervalSince1970 * 1000).rounded(.down) / 1000)
    }

    private static func json(_ date: Date) -> JSONValue {
        .number(JSONNumber(Int((date.timeIntervalSince1970 * 1000).rounded())))
    }

    private static func date(_ json: JSONValue?) -> Date? {
        json?.integer.map { Date(timeIntervalSince1970: Double($0) / 1000) }
    }
}

extension HTTPRequest {
    fileprivate var json: JSONObject {
        var json: JSONObject = [
            "method": .string(method.rawValue), "url": .string(url.description),
            "headers": .array(headers.map { [.string($0.name), .string($0.value)] }),
        ]
        json["bearer"] = bearer?.revealed().map { .string($0) }
        json["body"] = body.map { .string(Data($0).base64EncodedString()) }
        return json
    }

    fileprivate init?(_ json: JSONValue) {
        guard let method = json["method"]?.string.flatMap(Method.init), let text = json["url"]?.string,
            let url = try? HTTPURL(text)
        else { return nil }
        let headers = (json["headers"]?.array ?? []).compactMap { field in
            field.array.flatMap { $0.count == 2 ? (name: $0[0].string ?? "", value: $0[1].string ?? "") : nil }
        }
        let body = json["body"]?.string.flatMap { Data(base64Encoded: $0) }
        self.init(
            method, url, headers: headers, bearer: json["bearer"]?.string.map { Secret($0) }, body: body.map(Array.init)
        )
    }
}

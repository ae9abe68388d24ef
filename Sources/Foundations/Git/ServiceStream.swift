import CGit2

/// A request to `git-upload-pack` or `git-receive-pack` over libgit2's HTTPS or SSH, in packet lines (gitprotocol-common(5)).
///
/// libgit2 leaves the fetch of a newest commit to its later versions, and looks through a history before it pushes: what is
/// needed here of both is one question and one answer (gitprotocol-pack(5), version 0 of the protocol).
@safe
struct ServiceStream: ~Copyable {
    private let stream: UnsafeMutablePointer<git_smart_subtransport_stream>
    private let conversation: RemoteCallbacks
    /// What was read and not used yet.
    private var rest: ArraySlice<UInt8> = []

    /// A packet of this many bytes is the longest (LARGE_PACKET_MAX).
    static let longest = 65520
    private static let mostLines = 1000

    init(_ service: git_smart_service_t, _ conversation: RemoteCallbacks) throws(GitError) {
        guard let connection = unsafe conversation.connection else { throw .failed(-1, conversation) }
        var made: UnsafeMutablePointer<git_smart_subtransport_stream>?
        git_error_clear()
        let status = unsafe ork_git_request(&made, connection, conversation.remote.address.text, service)
        guard status == 0, let made = unsafe made else { throw .failed(status, conversation) }
        unsafe stream = made
        self.conversation = conversation
    }

    deinit {
        // Over SSH there is one stream for all, which belongs to the connection.
        if conversation.remote.address.transport == .https { unsafe stream.pointee.free(stream) }
    }

    func write(_ bytes: [UInt8]) throws(GitError) {
        let status = unsafe bytes.withUnsafeBytes { buffer in
            unsafe stream.pointee.write(stream, buffer.bindMemory(to: CChar.self).baseAddress, buffer.count)
        }
        guard status == 0 else { throw .failed(status, conversation) }
    }

    /// The next packet without its length; `nil` for a flush.
    mutating func packet() throws(GitError) -> ArraySlice<UInt8>? {
        let digits = try take(4)
        // Int takes a sign, too.
        guard digits.first.map({ $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "+") }) ?? false,
            let length = Int(String(decoding: digits, as: UTF8.self), radix: 16), length == 0 || length >= 4,
            length <= Self.longest
        else { throw .notUnderstood(conversation) }
        if length == 0 { return nil }
        let packet = try take(length - 4)
        if packet.starts(with: Array("ERR ".utf8)) { throw .said(packet.dropFirst(4), conversation) }
        return packet
    }

    /// The packets up to a flush as text, without line ends. They are a few, so that a server cannot fill the memory.
    mutating func lines() throws(GitError) -> [String] {
        var lines: [String] = []
        while let line = try line() {
            guard lines.count < Self.mostLines else { throw .notUnderstood(conversation) }
            lines.append(line)
        }
        return lines
    }

    /// The next packet as text, without a line end; `nil` for a flush.
    mutating func line() throws(GitError) -> String? {
        guard let packet = try packet() else { return nil }
        return String(decoding: packet.last == 0x0a ? packet.dropLast() : packet, as: UTF8.self)
    }

    /// What comes in the first band up to a flush (`side-band-64k`); the second one is for people and is left out.
    mutating func forEachPart(_ body: (ArraySlice<UInt8>) throws(GitError) -> Void) throws(GitError) {
        while let packet = try packet() {
            switch packet.first {
            case 1: try body(packet.dropFirst())
            case 3: throw .said(packet.dropFirst(), conversation)
            default: break
            }
        }
    }

    private mutating func take(_ count: Int) throws(GitError) -> ArraySlice<UInt8> {
        while rest.count < count {
            let bytes = try unsafe [UInt8](unsafeUninitializedCapacity: Self.longest) {
                buffer, filled throws(GitError) in
                let status = unsafe stream.pointee.read(
                    stream, UnsafeMutableRawPointer(buffer.baseAddress)?.assumingMemoryBound(to: CChar.self),
                    buffer.count,
                    &filled)
                guard status == 0, filled > 0 else {
                    throw .failed(status == 0 ? GIT_EEOF.rawValue : status, conversation)
                }
            }
            rest = rest.isEmpty ? bytes[...] : rest + bytes
        }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }
}

/// Packet lines to be sent in one go.
struct PacketLines {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ text: String) {
        let length = String(text.utf8.count + 4, radix: 16)
        bytes += String(repeating: "0", count: 4 - length.utf8.count).utf8
        bytes += length.utf8
        bytes += text.utf8
    }

    mutating func flush() { bytes += "0000".utf8 }
}

extension RemoteCallbacks {
    /// What the server offers, as it says with its first branch.
    var capabilities: Set<Substring> {
        guard let connection = unsafe connection else { return [] }
        var count = 0
        let start = unsafe ork_git_greeting(connection, &count)
        let greeting = unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
        guard let end = greeting.firstIndex(of: 0) else { return [] }
        let line = greeting[end...].dropFirst().prefix { $0 != 0x0a }
        return Set(String(decoding: line, as: UTF8.self).split(separator: " "))
    }
}

extension GitError {
    /// The server's own words are for its log: they may quote an address.
    fileprivate static func said(_ words: ArraySlice<UInt8>, _ conversation: RemoteCallbacks) -> GitError {
        GitError(
            .interrupted, "\(conversation.remote.address.place) broke off: \(words.shown)",
            hint: "look at the server, then try again")
    }

    static func notUnderstood(_ conversation: RemoteCallbacks) -> GitError {
        GitError(
            .interrupted, "\(conversation.remote.address.place) does not answer as a git server does",
            hint: "check the address, then try again")
    }
}

extension Sequence<UInt8> {
    /// What a server has said, as far as it can be shown.
    var shown: String { String(decoding: filter { (0x20..<0x7f).contains($0) }.prefix(200), as: UTF8.self) }
}

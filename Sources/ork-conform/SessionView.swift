import FoundationEssentials

/// The processes of one session as /proc shows them: the program and what it started.
struct SessionView {
    private let processes: [String]

    /// `leader` is the number of the session's first process.
    init(of leader: Int32) {
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        processes = numbers.filter { number in
            guard number.allSatisfy(\.isNumber), let status = Self.read("/proc/\(number)/stat") else { return false }
            // The name stands in parentheses and may hold anything; session is the fourth field after it.
            guard let end = status.lastIndex(of: UInt8(ascii: ")")) else { return false }
            let fields = status[end...].split(separator: UInt8(ascii: " "))
            return fields.count > 4 && String(decoding: fields[4], as: UTF8.self) == String(leader)
        }
    }

    /// Where `isSecret` finds something. Another user's, or a protected process's, environment cannot be read.
    func places(where isSecret: ([UInt8]) -> Bool) -> [String] {
        processes.flatMap { number in
            [("cmdline", "the arguments of a process"), ("environ", "the environment of a process")]
                .filter { isSecret(Self.read("/proc/\(number)/\($0.0)") ?? []) }.map(\.1)
        }
    }

    private static func read(_ path: String) -> [UInt8]? {
        (try? Data(contentsOf: URL(filePath: path))).map(Array.init)
    }
}

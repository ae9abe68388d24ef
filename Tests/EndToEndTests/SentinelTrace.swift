/// What `strace -f -v -yy` saw of a step and its children.
struct Trace {
    /// A system call, as it was entered.
    struct Call {
        let program: String
        let name: String
        /// The path, the pipe or the connection that stands behind the first argument, if it is a descriptor.
        let file: String
        /// All strings among the arguments, decoded, one after the other.
        let bytes: [UInt8]
    }

    /// The options of strace that make such a trace.
    static let options = [
        "-f", "-v", "-yy", "-s", "1000000", "-e", "signal=none", "-e",
        "trace=execve,execveat,fork,vfork,clone,clone3,open,openat,openat2,creat,mkdir,mkdirat,link,linkat,symlink,"
            + "symlinkat,rename,renameat,renameat2,unlink,unlinkat,memfd_create,write,writev,pwrite64,pwritev,pwritev2,"
            + "sendto,sendmsg,sendmmsg,sendfile,splice,tee,vmsplice,copy_file_range,setxattr,fsetxattr,prctl,"
            + "io_uring_setup,msgsnd,bind,connect",
    ]

    private(set) var calls: [Call] = []
    private var programs: [Substring: String] = [:]

    /// `program` is the name of the step; processes that have not started another program are it.
    init(_ text: String, of program: String) {
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
            guard parts.count == 2 else { continue }
            let (process, rest) = (parts[0], parts[1].drop { $0 == " " })
            if rest.hasPrefix("<...") {
                noteChild(of: process, rest)
                continue
            }
            guard let open = rest.firstIndex(of: "("), !rest.hasPrefix("+") else { continue }
            let name = String(rest[..<open])
            let arguments = rest[rest.index(after: open)...]
            let strings = Self.strings(arguments)
            if name.hasPrefix("execve"), let path = strings.first {
                let text = String(decoding: path, as: UTF8.self)
                programs[process] = text.split(separator: "/").last.map(String.init) ?? text
            }
            calls.append(
                Call(
                    program: programs[process] ?? program, name: name, file: Self.file(arguments),
                    bytes: Array(strings.joined(separator: [0]))))
            noteChild(of: process, rest)
        }
    }

    /// A child runs its parent's program until it starts its own.
    private mutating func noteChild(of process: Substring, _ rest: Substring) {
        guard rest.contains("clone") || rest.contains("fork"), let equals = rest.lastIndex(of: "=") else { return }
        let child = rest[rest.index(after: equals)...].drop { $0 == " " }.prefix { $0.isNumber }
        guard !child.isEmpty, programs[child] == nil, let program = programs[process] else { return }
        programs[child] = program
    }

    /// `5</path>` and `7<TCP:[127.0.0.1:1->127.0.0.1:2]>`: what stands between the brackets.
    private static func file(_ arguments: Substring) -> String {
        let behind = arguments.drop { $0.isNumber }
        guard behind.startIndex != arguments.startIndex, behind.first == "<" else { return "" }
        if let end = behind.firstRange(of: ">, ") {
            return String(behind[behind.index(after: behind.startIndex)..<end.lowerBound])
        }
        return String(behind.dropFirst())
    }

    /// The C strings in a line, without their escapes.
    private static func strings(_ text: Substring) -> [[UInt8]] {
        var strings: [[UInt8]] = []
        var bytes = Array(text.utf8)[...]
        while let quote = bytes.firstIndex(of: UInt8(ascii: "\"")) {
            bytes = bytes[(quote + 1)...]
            var string: [UInt8] = []
            while let byte = bytes.popFirst(), byte != UInt8(ascii: "\"") {
                guard byte == UInt8(ascii: "\\"), let escaped = bytes.popFirst() else {
                    string.append(byte)
                    continue
                }
                switch escaped {
                case UInt8(ascii: "n"): string.append(10)
                case UInt8(ascii: "t"): string.append(9)
                case UInt8(ascii: "r"): string.append(13)
                case UInt8(ascii: "v"): string.append(11)
                case UInt8(ascii: "f"): string.append(12)
                case UInt8(ascii: "0")...UInt8(ascii: "7"):
                    var value = Int(escaped) - 48
                    while let digit = bytes.first, (48...55).contains(digit), value < 32 {
                        value = value * 8 + Int(digit) - 48
                        bytes.removeFirst()
                    }
                    string.append(UInt8(truncatingIfNeeded: value))
                default: string.append(escaped)
                }
            }
            strings.append(string)
        }
        return strings
    }
}

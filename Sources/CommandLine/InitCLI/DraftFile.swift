import SystemPackage

/// A file that is to be written, and is not there yet.
struct DraftFile {
    let path: String
    let content: [UInt8]
    /// Whether nobody is shown what is in it, and its owner alone may read it.
    let isSecret: Bool
    let isProgram: Bool

    init(_ path: String, _ content: [UInt8], isSecret: Bool = false) {
        self.path = path
        self.content = content
        self.isSecret = isSecret
        isProgram = false
    }

    init(_ path: String, _ text: String, isProgram: Bool = false) {
        self.path = path
        content = Array(text.utf8)
        isSecret = false
        self.isProgram = isProgram
    }

    /// What others may do with it, as far as the umask lets them.
    var permissions: FilePermissions {
        if isSecret { return .ownerReadWrite }
        let readable: FilePermissions = [.ownerReadWrite, .groupRead, .otherRead]
        return isProgram ? readable.union([.ownerExecute, .groupExecute, .otherExecute]) : readable
    }

    /// What people see of it before it is written.
    var shown: String {
        let head = "── \(path) " + String(repeating: "─", count: max(3, 100 - path.count))
        guard isSecret else { return "\(head)\n\(String(decoding: content, as: UTF8.self))" }
        return "\(head)\nan identity, which is shown to nobody\n"
    }
}

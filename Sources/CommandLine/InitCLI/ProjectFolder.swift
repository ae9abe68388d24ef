import ChildProcesses
import FoundationEssentials
import Glibc
import Secrets
import StepCLI

/// The folder that ork is to be set up in: its files that may tell where a key lies, and where it is pushed to. Nothing outside
/// of it is looked at, and no value in it is kept.
struct ProjectFolder {
    /// The files down to the third level, by their paths from here, sorted.
    let files: [String]
    /// Whether there are more than were looked at.
    let isCut: Bool
    let origin: GitRemote?
    private let root: String
    /// The files' texts, where they are on no disk.
    private let texts: [String: String]?

    /// How deep a project of several parts keeps their settings.
    private static let depth = 3
    private static let most = 20_000
    /// What others have made, and what a build makes.
    private static let skipped: Set = [
        "node_modules", "vendor", "Pods", "target", "dist", "build", "venv", "__pycache__",
    ]
    /// The folders with a dot that are a project's settings.
    private static let hidden: Set = [".github", ".gitlab", ".vercel"]

    /// Looks at the files below `root`.
    init(_ root: String = ".") {
        self.root = root
        texts = nil
        var files: [String] = []
        var open = [(path: "", level: 1)]
        var seen = 0
        while let (folder, level) = open.popLast() {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)")) ?? []
            for name in names where seen < Self.most {
                seen += 1
                let path = folder.isEmpty ? name : "\(folder)/\(name)"
                var status = stat()
                guard unsafe lstat("\(root)/\(path)", &status) == 0 else { continue }
                switch status.st_mode & S_IFMT {
                case S_IFREG: files.append(path)
                case S_IFDIR where level < Self.depth:
                    let isLookedInto = name.hasPrefix(".") ? Self.hidden.contains(name) : !Self.skipped.contains(name)
                    if isLookedInto { open.append((path, level + 1)) }
                default: break
                }
            }
        }
        self.files = files.sorted()
        isCut = seen >= Self.most
        origin = GitRemote.origin(of: root)
    }

    /// A project of these files alone.
    init(_ texts: [String: String], origin: GitRemote?) {
        root = ""
        files = texts.keys.sorted()
        isCut = false
        self.origin = origin
        self.texts = texts
    }

    /// A file's text; `nil` for one that cannot be read, or is too long for what is looked for.
    func text(of path: String) -> String? {
        if let texts { return texts[path] }
        return (try? DurableFile("\(root)/\(path)").read(limit: 1 << 20)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The folder's own name.
    static var name: String {
        FileManager.default.currentDirectoryPath.split(separator: "/").last.map(String.init) ?? "rotation"
    }
}

/// Where a clone is pushed to.
struct GitRemote: Sendable, Hashable {
    let host: String
    /// `acme/web`, without a leading slash and `.git`.
    let path: String

    /// The address by which a pipeline's token pushes.
    var https: String { "https://\(host)/\(path).git" }

    /// Reads `https://HOST/PATH`, `ssh://USER@HOST/PATH` and `USER@HOST:PATH`; `nil` for others, such as a path.
    init?(_ text: String) {
        var rest = text[...]
        let scheme = ["https://", "ssh://", "http://", "git://"].first { text.hasPrefix($0) }
        if let scheme { rest = rest.dropFirst(scheme.count) }
        let separator: Character = scheme == nil ? ":" : "/"
        guard let end = rest.firstIndex(of: separator) else { return nil }
        // A user, and a password that people put there.
        let authority = rest[..<end].split(separator: "@").last ?? ""
        host = String(authority.prefix { $0 != ":" }).lowercased()
        var path = rest[rest.index(after: end)...].drop { $0 == "/" }
        while path.hasSuffix("/") { path.removeLast() }
        if path.hasSuffix(".git") { path.removeLast(4) }
        self.path = String(path)
        let areNames = (host + self.path).utf8.allSatisfy { $0.isASCIIAlphanumeric || "._-/".utf8.contains($0) }
        guard areNames, host.contains("."), self.path.contains("/") else { return nil }
    }

    /// The remote `origin` of the clone that this folder is, if it is one and git is there.
    static func origin(of root: String) -> GitRemote? {
        let run = Program(["git", "-C", root, "config", "--get", "remote.origin.url"]).run(.init(time: .seconds(10)))
        guard run.succeeded, let text = run.output.revealed() else { return nil }
        return GitRemote(String(text.prefix { !$0.isNewline }))
    }
}

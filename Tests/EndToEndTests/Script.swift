import FoundationEssentials

/// A script in the form of Go's testscript: one command a line, and behind them the files it begins with, each below
/// a line `-- NAME --`.
struct Script: Sendable {
    struct Line: Sendable {
        /// Counted from 1 in the script's file.
        let number: Int
        let text: String
    }

    struct File: Sendable {
        let name: String
        let text: String
    }

    /// Where it lies.
    let path: String
    let lines: [Line]
    let files: [File]

    init(_ text: String, path: String) {
        self.path = path
        var lines: [Line] = []
        var files: [(name: String, lines: [Substring])] = []
        let all = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in all.enumerated() {
            if line.hasPrefix("-- "), line.hasSuffix(" --"), line.count > 6 {
                files.append((String(line.dropFirst(3).dropLast(3)), []))
            } else if files.isEmpty {
                lines.append(Line(number: index + 1, text: String(line)))
            } else {
                files[files.count - 1].lines.append(line)
            }
        }
        self.lines = lines
        self.files = files.map { file in
            // The script's own last line end is the last file's.
            let lines = file.lines.last == "" ? file.lines.dropLast() : file.lines[...]
            return File(name: file.name, text: lines.map { $0 + "\n" }.joined())
        }
    }

    /// The first line, which says what the script shows.
    var title: String {
        let first = lines.first?.text ?? ""
        return first.hasPrefix("# ") ? String(first.dropFirst(2)) : ""
    }
}

extension Script {
    /// The scripts of this folder, in the order of their names.
    static func all() throws -> [Script] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Scripts").path
        return try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".txt") }.sorted()
            .map { name in
                let path = "\(folder)/\(name)"
                let text = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
                return Script(text ?? "", path: path)
            }
    }
}

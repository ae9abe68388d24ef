/// The modules that a Swift source imports, with whatever access and attributes.
func imports(of source: String) -> Set<String> {
    var modules: Set<String> = []
    for line in source.split(whereSeparator: \.isNewline) {
        var words = line.split(whereSeparator: \.isWhitespace)[...]
        while let word = words.first, word.hasPrefix("@") || accesses.contains(String(word)) { words.removeFirst() }
        guard words.first == "import" else { continue }
        words.removeFirst()
        if let word = words.first, kinds.contains(String(word)) { words.removeFirst() }
        // `import struct A.B` and `import A.B` are imports of A.
        if let module = words.first?.split(whereSeparator: { ".;/".contains($0) }).first {
            modules.insert(String(module))
        }
    }
    return modules
}

private let accesses: Set<String> = ["public", "package", "internal", "fileprivate", "private", "unsafe"]
private let kinds: Set<String> = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]

import JSON

extension ConfigurationFile {
    /// How many problems are looked for: whoever has as many has one cause for most of them.
    private static let problemsLimit = 100

    /// Reads the file, and where it is wrong, what else is wrong with it: what cannot be read is taken out, and the rest is
    /// read again. `nil` if nothing is left.
    package static func readingAll(
        _ bytes: [UInt8], name: String
    ) -> (file: ConfigurationFile?, problems: [ConfigurationError]) {
        var problems: [ConfigurationError] = []
        var removed: Set<[String]> = []
        do {
            var root = try tree(bytes, name: name)
            while true {
                do {
                    return (try ConfigurationFile(root, name: name), problems)
                } catch {
                    // What was taken out is missed where it has to be, or by what it stood in: that is no other problem.
                    let isConsequence = removed.contains { $0 == error.keys || Array($0.dropLast()) == error.keys }
                    if !isConsequence { problems.append(error) }
                    var path = error.keys
                    while !path.isEmpty, removed.contains(path) || !root.has(path) { path.removeLast() }
                    // The frame of the file is nothing without its parts.
                    guard path.count > 1, problems.count < problemsLimit else { return (nil, problems) }
                    removed.insert(path)
                    root = root.removing(path[...])
                }
            }
        } catch {
            return (nil, problems + [error])
        }
    }
}

extension SourceNode {
    fileprivate func has(_ path: [String]) -> Bool {
        var node: SourceNode? = self
        for key in path { node = node?[key] }
        return node != nil
    }

    /// The same without what the path leads to.
    fileprivate func removing(_ path: ArraySlice<String>) -> SourceNode {
        guard let key = path.first else { return self }
        let rest = path.dropFirst()
        func changed(_ node: SourceNode) -> SourceNode? {
            if !rest.isEmpty { return node.removing(rest) }
            // Without a predecessor nothing else of its rotation would be read.
            return key == "predecessor" ? SourceNode(.scalar("none"), node.place) : nil
        }
        switch content {
        case .scalar: return self
        case .list(let items):
            let kept = items.enumerated().compactMap { "\($0)" == key ? changed($1) : $1 }
            return SourceNode(.list(kept), place)
        case .mapping(let entries):
            let kept = entries.compactMap { name, value -> (key: String, value: SourceNode)? in
                name == key ? changed(value).map { (name, $0) } : (name, value)
            }
            return SourceNode(.mapping(kept), place)
        }
    }
}

/// `Package.swift` by its text, because asking SwiftPM would wait for its own lock. Its forms are regular: one call a
/// target, whose first argument is the name.
struct Manifest {
    struct Target {
        let name: String
        /// The function that declares it, as `module` or `publisher`.
        let kind: String
        /// The layer of a module, `nil` for every other kind.
        let layer: String?
        /// What it may import: the names of modules, products included.
        let dependencies: Set<String>

        var folder: String {
            switch kind {
            case "library": "Sources/C/\(name)"
            case "module": "Sources/\(layer ?? "")/\(name)"
            case "program", "step": "Sources/Programs/\(name)"
            case "publisher", "servicePublisher": "plugins/\(name.dropFirst("ork-publisher-".count))"
            default: "Tests/\(name)"
            }
        }
    }

    let targets: [Target]

    init() throws { self.init(text: try SourceTree.File(path: "Package.swift").text()) }

    init(text: String) {
        let call =
            /\b(library|module|program|step|publisher|servicePublisher|support|suite)\(\s*"([^"]+)"/
        let start = text.firstRange(of: "targets: [\n")?.upperBound ?? text.startIndex
        var targets: [Target] = []
        for match in text[start...].matches(of: call) {
            let (form, name) = (String(match.output.1), String(match.output.2))
            let arguments = Self.arguments(text[match.range.upperBound...])
            targets.append(
                Target(
                    name: Self.name(name, of: form), kind: form,
                    layer: arguments.firstMatch(of: /in: "([^"]+)"/).map { String($0.output.1) },
                    dependencies: form == "library"
                        ? [] : Self.names(in: arguments).union(Self.shared(by: form, text))))
        }
        self.targets = targets
    }

    /// Everything that a target can reach.
    func closure(of name: String) -> Set<String> {
        var reached: Set<String> = []
        var open = [name]
        while let next = open.popLast() {
            for dependency in self[next]?.dependencies ?? [] where reached.insert(dependency).inserted {
                open.append(dependency)
            }
        }
        return reached
    }

    subscript(name: String) -> Target? { targets.first { $0.name == name } }

    private static func name(_ name: String, of form: String) -> String {
        switch form {
        case "publisher", "servicePublisher": "ork-publisher-\(name)"
        case "suite": "\(name)Tests"
        default: name
        }
    }

    /// What a form adds to the dependencies of each of its targets.
    private static func shared(by form: String, _ text: String) -> Set<String> {
        guard let start = text.firstRange(of: "func \(form)(") else { return [] }
        let body = text[start.upperBound...].prefix { $0 != "}" }
        guard let match = body.firstMatch(of: /dependencies \+ \[([^\]]*)\]/) else { return [] }
        return names(in: match.output.1)
    }

    /// The rest of a call, up to its closing bracket.
    private static func arguments(_ text: Substring) -> Substring {
        var depth = 1
        for index in text.indices {
            if text[index] == "(" { depth += 1 }
            if text[index] == ")" { depth -= 1 }
            if depth == 0 { return text[..<index] }
        }
        return text
    }

    private static func names(in arguments: Substring) -> Set<String> {
        var names: Set<String> = []
        for match in arguments.matches(of: /(?:(in|package): )?"([^"]+)"/) where match.output.1 == nil {
            names.insert(String(match.output.2))
        }
        for (word, module) in [
            ("argumentParser", "ArgumentParser"), ("systemPackage", "SystemPackage"),
        ] {
            if arguments.contains(".\(word)") { names.insert(module) }
        }
        return names
    }
}

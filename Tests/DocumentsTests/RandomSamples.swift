import Documents
import TestSupport

/// Stands where the value will be while a document is put together.
private let hole = "\u{1}"

extension SplitMix64 {
    mutating func sample(_ format: DocumentFormat) -> RandomDocumentTests.Sample {
        let lineEnd = chance(3) ? "\r\n" : "\n"
        var (text, path) =
            switch format {
            case .json: json()
            case .yaml: yaml()
            case .ini: ini()
            default: dotenv()
            }
        // A block scalar that ends with the file has no line end in it: nothing can be added after one.
        let isOpenBlock = format == .yaml && (text.hasSuffix("text\n") || text.hasSuffix("more\n"))
        if chance(4), text.hasSuffix("\n"), !isOpenBlock { text.removeLast() }
        text = text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: lineEnd)
        let parts = text.split(separator: Character(hole), omittingEmptySubsequences: false)
        let old =
            switch format {
            case .json: pick(["\"OLDVALUE\"", "\"a \\\"b\\\" \\u00e9\"", "12.50", "true", "null", "\"\""])
            case .yaml: pick(["OLDVALUE", "'it''s'", "\"a\\tb\"", "12.50", "yes", "~", "a b-c"])
            case .ini: pick(["OLDVALUE", "\"a b\"", "a = b", "12"])
            default: pick(["OLDVALUE", "'a # b'", "\"a\\nb\"", "a b", "a#b"])
            }
        let place = path.filter { !$0.isEmpty }.joined(separator: ".")
        return RandomDocumentTests.Sample(
            format: format, place: place, path: path, head: (chance(5) ? "\u{FEFF}" : "") + parts[0], old: old,
            tail: String(parts[1]))
    }

    private mutating func lines(_ choices: [String], _ number: Int) -> String {
        (0..<below(number)).map { _ in pick(choices).replacing("%", with: "\(below(1_000_000_000))") + "\n" }.joined()
    }

    private mutating func dotenv() -> (String, [String]) {
        let others = [
            "# NAME=comment", "", "A%=1", "export B%='x y' # c", "C%=\"two\nNAME=lines\"", "  D% = d e # f", "E%=",
            "F%",
            "'G%'=g", "H%='#'", "I%=é", "NAMES%=x", "XNAME%=y",
        ]
        let lead = pick(["", "  ", "export ", "\texport  "])
        let sign = pick(["=", " = ", "= "])
        let end = pick(["", "  ", " # comment", "\t#c"])
        return (lines(others, 5) + lead + "NAME" + sign + hole + end + "\n" + lines(others, 5), ["NAME"])
    }

    private mutating func ini() -> (String, [String]) {
        let others = [
            "; NAME = c", "# c", "", "a% = 1", "b%: 2 ; c", "c% = one\n  two\n\n  three", "d% = \"x\"", "e%=",
        ]
        let sections = ["[x%]", "[y% z]\nNAME = 5", "[%]\n; c\n"]
        let head = lines(others, 3) + lines(sections, 3)
        let own = pick(["sec.tion", "s", "", "A b"])
        let lead = (own.isEmpty ? "" : "[\(own)]\n") + lines(others.filter { !$0.contains("\n") }, 3)
        let sign = pick([" = ", "=", ": ", "  =  "])
        let tail = lines(others, 3) + lines(sections, 3)
        let start = own.isEmpty ? "" : head
        return (start + lead + "NAME" + sign + hole + pick(["", " ; c", "  # c"]) + "\n" + tail, [own, "NAME"])
    }

    private mutating func json() -> (String, [String]) {
        let isPretty = chance(2)
        let unit = pick(["  ", "    ", "\t"])
        let colon = pick([":", ": ", " : "])
        var path: [String] = []
        func scalar(_ random: inout SplitMix64) -> String {
            random.pick(["1", "-2.50e3", "\"x\"", "\"\\u00e9\\\\\"", "null", "true", "[]", "{}", "[1, {\"NAME\": 2}]"])
        }
        func object(_ depth: Int, _ random: inout SplitMix64) -> String {
            let count = 1 + random.below(4)
            let chosen = random.below(count)
            let members = (0..<count).map { index -> String in
                guard index == chosen else { return "\"m\(index)\"\(colon)\(scalar(&random))" }
                guard depth > 0 else {
                    path.append("NAME")
                    return "\"NAME\"\(colon)\(hole)"
                }
                path.append("k\(depth)")
                return "\"k\(depth)\"\(colon)\(object(depth - 1, &random))"
            }
            guard isPretty else { return "{" + members.joined(separator: ", ") + "}" }
            let indent = String(repeating: unit, count: 3 - depth)
            return "{\n" + members.map { indent + unit + $0 }.joined(separator: ",\n") + "\n\(indent)}"
        }
        var random = self
        let text = object(below(4), &random)
        self = random
        return (text + (chance(2) ? "\n" : ""), path)
    }

    private mutating func yaml() -> (String, [String]) {
        let unit = pick([2, 4])
        var path: [String] = []
        let others = [
            "a%: 1", "b%: 'x' # c", "# NAME: c", "", "c%:\n_  d: e\n_  NAME: x", "f%: |\n_  text\n_   more",
            "g%: {h: i, NAME: j}",
            "k%:\n_- l\n_- m: n\n_  o: p", "q%: >-\n_  folded\n\n_  text", "r%: [s, \"t\"]", "u%:", "é%: ü",
            "v%: &v% w\nx%: *v%", "y%: \"a\n_  b\"",
        ]
        func block(_ depth: Int, _ margin: String, _ random: inout SplitMix64) -> String {
            func some() -> String {
                let text = random.lines(others, 3).replacing("\n_", with: "\n\(margin)_").replacing("_", with: "")
                return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
                    .map { $0.isEmpty || $0.hasPrefix(margin) && !margin.isEmpty ? $0 + "\n" : margin + $0 + "\n" }
                    .joined()
            }
            let before = some()
            let inner = margin + String(repeating: " ", count: unit)
            guard depth > 0 else {
                path.append("NAME")
                if random.chance(4) {
                    path.insert("flow", at: path.count - 1)
                    return before + margin + "flow: {z: 1, NAME: \(hole), y: [2]} # c\n" + some()
                }
                return before + margin + "NAME: " + hole + random.pick(["", " # c", "  "]) + "\n" + some()
            }
            path.append("k\(depth)")
            if random.chance(4) {
                path.append("1")
                let item = block(depth - 1, margin + "  ", &random)
                return before + margin + "k\(depth):\n" + margin + "- zero\n" + margin + "-\n" + item + some()
            }
            return before + margin + "k\(depth):\(random.pick(["", " # c"]))\n" + block(depth - 1, inner, &random)
                + some()
        }
        var random = self
        let text = (chance(5) ? "---\n" : "") + block(below(3), "", &random)
        self = random
        return (text, path)
    }
}

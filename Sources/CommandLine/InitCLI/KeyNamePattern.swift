import ArgumentParser

/// Which keys of a workspace are meant, by their base names: one `*` stands for anything.
package struct KeyNamePattern: ExpressibleByArgument, Sendable, CustomStringConvertible {
    package let description: String
    private let beginning: Substring
    /// What has to stand behind the `*`; `nil` if there is none.
    private let end: Substring?

    package init?(argument: String) {
        let parts = argument.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
        guard !argument.isEmpty, let beginning = parts.first, parts.count == 1 || !parts[1].contains("*") else {
            return nil
        }
        description = argument
        self.beginning = beginning
        end = parts.count == 2 ? parts[1] : nil
    }

    /// What the `*` stands for in this name, and the whole name where the pattern has none; `nil` if it does not fit.
    func part(of name: String) -> String? {
        guard let end else { return name == beginning ? name : nil }
        guard name.count >= beginning.count + end.count, name.hasPrefix(beginning), name.hasSuffix(end) else {
            return nil
        }
        return String(name.dropFirst(beginning.count).dropLast(end.count))
    }
}

/// A number of things in words: `1 target`, `3 targets`, `1 of 3 targets`.
package struct Counted: Hashable, Sendable, CustomStringConvertible {
    private let number: Int
    private let total: Int?
    private let noun: String

    /// The noun is in the singular, and has a regular plural.
    package init(_ number: Int, of total: Int? = nil, _ noun: String) {
        self.number = number
        self.total = total
        self.noun = noun
    }

    package var description: String {
        let part = total.map { "\(number) of \($0)" } ?? "\(number)"
        return "\(part) \((total ?? number) == 1 ? noun : noun + "s")"
    }

    /// The number with its noun and the form of the verb that agrees: `1 of 3 targets is`, `2 of 3 targets are`.
    package func with(_ singular: String, _ plural: String) -> String {
        "\(self) \(number == 1 ? singular : plural)"
    }
}

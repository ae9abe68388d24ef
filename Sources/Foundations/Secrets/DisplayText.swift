/// Text that somebody else has written, for messages and records.
package enum DisplayText {
    /// One line of at most `limit` characters, without control characters (Unicode's Cc) and without those that change
    /// the direction or cannot be seen (Cf).
    package static func line(_ text: String, limit: Int = 200) -> String {
        var line = ""
        var count = 0
        for character in text {
            guard count < limit else { return line + "…" }
            let isVisible = character.unicodeScalars.allSatisfy { scalar in
                ![.control, .format, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
            }
            line.append(isVisible ? character : " ")
            count += 1
        }
        return line
    }
}

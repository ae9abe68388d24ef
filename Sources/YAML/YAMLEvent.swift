/// What libyaml reports while it reads, copied out of its memory.
struct YAMLEvent {
    enum Kind {
        case nothing, streamStart, streamEnd, documentStart, documentEnd
        case alias(String)
        case scalar(text: String, style: YAMLScalar.Style)
        case sequenceStart(isFlow: Bool)
        case sequenceEnd
        case mappingStart(isFlow: Bool)
        case mappingEnd
    }

    let kind: Kind
    let anchor: String?
    let tag: String?
    let start: RawMark
    let end: RawMark

    /// A place as libyaml counts: characters from the start, lines and columns from 0.
    struct RawMark {
        let index: Int
        let line: Int
        let column: Int
    }
}

/// Where and why libyaml stopped. `problem` is one of its fixed texts and never holds any of the input.
struct YAMLProblem: Error {
    let isReader: Bool
    let problem: String
    let mark: YAMLEvent.RawMark
    /// The offset in bytes, for problems of the reader.
    let offset: Int
}

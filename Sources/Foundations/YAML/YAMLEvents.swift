import CYAML

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

    /// What libyaml says where a text in quotes goes on to the end.
    static let openQuote = "found unexpected end of stream"
}

/// A libyaml parser and the bytes it reads.
@safe
struct EventParser: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>

    /// Copies `bytes`, which are UTF-8; `nil` if there is no memory.
    init?(_ bytes: some Collection<UInt8>) {
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            unsafe parser.deallocate()
            return nil
        }
        let input = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
        _ = unsafe input.initialize(fromContentsOf: bytes)
        unsafe self.parser = parser
        unsafe self.input = input
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, UnsafePointer(input.baseAddress), input.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe input.deallocate()
    }

    /// The next event; `.streamEnd` is the last one.
    mutating func next() throws(YAMLProblem) -> YAMLEvent {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { unsafe yaml_event_delete(&event) }
        var anchor: String?
        var tag: String?
        let kind: YAMLEvent.Kind
        switch unsafe event.type {
        case YAML_STREAM_START_EVENT: kind = .streamStart
        case YAML_STREAM_END_EVENT: kind = .streamEnd
        case YAML_DOCUMENT_START_EVENT: kind = .documentStart
        case YAML_DOCUMENT_END_EVENT: kind = .documentEnd
        case YAML_ALIAS_EVENT: kind = .alias(unsafe Self.text(event.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            anchor = unsafe Self.text(scalar.anchor)
            tag = unsafe Self.text(scalar.tag)
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            kind = .scalar(text: unsafe String(decoding: bytes, as: UTF8.self), style: unsafe Self.style(scalar.style))
        case YAML_SEQUENCE_START_EVENT:
            let sequence = unsafe event.data.sequence_start
            anchor = unsafe Self.text(sequence.anchor)
            tag = unsafe Self.text(sequence.tag)
            kind = unsafe .sequenceStart(isFlow: sequence.style == YAML_FLOW_SEQUENCE_STYLE)
        case YAML_SEQUENCE_END_EVENT: kind = .sequenceEnd
        case YAML_MAPPING_START_EVENT:
            let mapping = unsafe event.data.mapping_start
            anchor = unsafe Self.text(mapping.anchor)
            tag = unsafe Self.text(mapping.tag)
            kind = unsafe .mappingStart(isFlow: mapping.style == YAML_FLOW_MAPPING_STYLE)
        case YAML_MAPPING_END_EVENT: kind = .mappingEnd
        default: kind = .nothing
        }
        return unsafe YAMLEvent(
            kind: kind, anchor: anchor, tag: tag, start: Self.mark(event.start_mark), end: Self.mark(event.end_mark))
    }

    private func problem() -> YAMLProblem {
        let isReader = unsafe parser.pointee.error == YAML_READER_ERROR
        let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? ""
        // A quote that is not closed is found at the end of the file, and is to be looked for where it opens.
        let isQuote = problem == YAMLProblem.openQuote
        let mark = unsafe isQuote ? parser.pointee.context_mark : parser.pointee.problem_mark
        return unsafe YAMLProblem(
            isReader: isReader, problem: problem, mark: Self.mark(mark),
            offset: Int(parser.pointee.problem_offset))
    }

    private static func mark(_ mark: yaml_mark_t) -> YAMLEvent.RawMark {
        YAMLEvent.RawMark(index: Int(mark.index), line: Int(mark.line), column: Int(mark.column))
    }

    private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        guard let pointer = unsafe pointer else { return nil }
        return unsafe String(cString: pointer)
    }

    private static func style(_ style: yaml_scalar_style_t) -> YAMLScalar.Style {
        switch style {
        case YAML_SINGLE_QUOTED_SCALAR_STYLE: .singleQuoted
        case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .doubleQuoted
        case YAML_LITERAL_SCALAR_STYLE: .literal
        case YAML_FOLDED_SCALAR_STYLE: .folded
        default: .plain
        }
    }
}

/// Why a text is not acceptable YAML. It tells the place and never quotes the text, which may hold a secret.
package struct YAMLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The rule that was broken.
    package enum Code: Sendable {
        /// The text breaks the grammar.
        case syntax
        /// The text is not UTF-8, or holds characters that YAML does not allow.
        case encoding
        /// There is more than one document.
        case documents
        /// A mapping has a key twice.
        case duplicateKey
        /// A key is a list or a mapping, or an alias.
        case key
        /// `<<` as a key where merge keys are not read.
        case mergeKey
        /// A tag that is not of the core schema, or does not fit its value.
        case tag
        /// An alias without an anchor, inside its own anchor, or more content by alias than is read.
        case alias
        /// Nested deeper than is read.
        case depth
    }

    /// The rule that was broken.
    package let code: Code
    /// One line for people.
    package let message: String
    /// The line, from 1.
    package let line: Int
    /// The column in characters, from 1.
    package let column: Int

    /// The message and its place.
    package var description: String { "\(message) (line \(line), column \(column))" }
}

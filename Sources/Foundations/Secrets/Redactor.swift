/// Replaces secrets in a stream of bytes by `<redacted>`, however the stream is cut into chunks.
///
/// **Found** is a secret in these forms. Only letters and digits are compared, without regard to case: whatever else
/// stands between two of them, up to 128 bytes, hides nothing, be it spaces, line ends, quotes or the NULs of UTF-16.
/// * as it is, reversed, in ROT13 and ROT47
/// * in hexadecimal, also in the words of `od -x`; in base32 and base64 with either alphabet of RFC 4648, in uuencode and
///   base85 (Ascii85, RFC 1924, Z85), padded or not, whatever bytes stand before and after it
/// * as numbers with something between them: decimal, octal, binary, `0x73`
/// * with some or all characters escaped as in URLs, JSON, C, HTML or quoted-printable, and these escaped once more
/// * reversed, in hexadecimal or in base64 once more, from the form reversed, in hexadecimal, base32, base64 or
///   UTF-16LE, if the secret has at most 256 bytes; each of all these with escapes around it
///
/// **Enough** of a key of OpenRouter are 16 consecutive ones of its 64 digits, in any form, with letters of either case;
/// its label shows seven. The 32 bytes that the digits stand for count as well, in every form with an alphabet, and 8
/// consecutive ones of them in hexadecimal, base32 and base64. Of another secret three quarters of its bytes are enough,
/// but at least 16, and all of a shorter one. A form needs eight letters and digits. A secret with fewer is found whole,
/// as it is and with escapes. Of keys that nobody knows, `sk-or-v1-` with 16 digits behind it is found: as it is, in
/// hexadecimal, base32 and base64, with escapes.
///
/// **Not found** is what is encrypted, hashed or compressed (base64 of gzip is neither decoded nor replaced), what is in
/// another alphabet or cipher (base58, base36, Caesar's, exclusive or), deeper nesting, escapes or line breaks inside
/// base64 and hexadecimal that leave fewer than 16 digits together, numbers with nothing between them, and whatever has
/// other letters and digits in between, such as numbered lines.
///
/// The windows of the forms that are searched for are wiped when the last copy goes; bytes of the stream are not.
public struct Redactor: Sendable {
    /// What stands in the place of a secret.
    public static let placeholder = "<redacted>"

    private let forms: SearchedForms
    private var search: SecretSearch
    /// What was not given back yet, and where in the stream it begins.
    private var pending: [UInt8] = []
    private var passed = 0
    /// Where the last placeholder's secret ends.
    private var replaced = -1

    /// A redactor of these secrets, empty ones left out, and of everything that looks like a key of OpenRouter.
    public init(_ secrets: [Secret] = []) { self.init(SearchedForms(secrets, andUnknownKeys: true)) }

    /// A redactor of this secret and of nothing else, for a text in which other keys may stand.
    public init(only secret: Secret) { self.init(SearchedForms([secret], andUnknownKeys: false)) }

    private init(_ forms: SearchedForms) {
        self.forms = forms
        search = SecretSearch(forms)
    }

    /// Takes the next bytes and gives back what is certainly no part of a secret, in order.
    ///
    /// Bytes that may begin one are held back until it is clear, or until `flush`. Behind white space fewer than eight
    /// letters and digits are not: so many may pass of a secret that is cut there, and the rest of it is replaced.
    public mutating func redact(_ chunk: some Collection<UInt8>) -> [UInt8] {
        let bytes = Array(chunk)
        pending += bytes
        search.read(bytes)
        return pass(upTo: search.settled)
    }

    /// Gives back what was held back; the stream ends here and another one may begin.
    ///
    /// Sixteen letters and digits of an unfinished form at the end are taken for a secret that was cut off.
    public mutating func flush() -> [UInt8] {
        search.finish(findingCutOff: true)
        let output = pass(upTo: passed + pending.count)
        self = Redactor(forms)
        return output
    }

    /// The text with every secret replaced.
    public func redacting(_ text: String) -> String {
        var redactor = Redactor(forms)
        return String(decoding: redactor.redact(text.utf8) + redactor.flush(), as: UTF8.self)
    }

    /// Whether the bytes carry a secret in any of the forms.
    public func contains(_ bytes: some Collection<UInt8>) -> Bool {
        var search = SecretSearch(forms)
        search.read(Array(bytes))
        search.finish(findingCutOff: false)
        return !search.found.isEmpty
    }

    /// Gives back the bytes before `limit`, secrets replaced.
    private mutating func pass(upTo limit: Int) -> [UInt8] {
        let start = passed
        var output: [UInt8] = []
        func copy(to end: Int) {
            guard end > passed else { return }
            output += pending[(passed - start)..<(end - start)]
            passed = end
        }
        for range in search.takeFound(before: limit) {
            copy(to: range.lowerBound)
            if range.lowerBound > replaced { output += Self.placeholder.utf8 }
            replaced = max(replaced, range.upperBound)
            passed = max(passed, range.upperBound)
        }
        copy(to: limit)
        pending.removeFirst(max(0, passed - start))
        return output
    }
}

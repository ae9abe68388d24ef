import Secrets

/// A line of what `ork-status` shows, and how good what it says is.
struct StatusLine: Sendable {
    let text: String
    let tone: Tone

    enum Tone: Sendable { case plain, heading, good, waiting, bad }

    init(_ text: String, _ tone: Tone = .plain) {
        self.text = text
        self.tone = tone
    }

    // Names of keys are others' text, and would make rows of their own.
    var shown: String { DisplayText.line(SecretShape.masking(text), limit: .max) }
}

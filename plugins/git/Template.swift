import PublisherPlugin
import Secrets

/// A text with places for what is public about a rotation: `{rotation}`, `{target}`, `{hash}`.
struct Template {
    /// What the places are filled with.
    struct Words {
        let rotation: String
        let target: String
        /// The successor's hash, as OpenRouter documents it.
        let hash: String

        init(_ request: PublisherRequest) {
            rotation = request.rotation
            target = request.target
            hash = request.digest.hex
        }
    }

    private let text: String

    private static let names = ["rotation", "target", "hash"]

    /// Refuses places that are none, under the setting `key`.
    init(_ text: String, key: String) throws(PublisherError) {
        self.text = text
        for part in text.split(separator: "{", omittingEmptySubsequences: false).dropFirst() {
            guard Self.names.contains(where: { part.hasPrefix($0 + "}") }) else {
                throw Settings.error(
                    key, "'\(key)' has a place that is not known", hint: "there are {rotation}, {target} and {hash}")
            }
        }
    }

    func filled(_ words: Words) -> String {
        text.replacing("{rotation}", with: words.rotation).replacing("{target}", with: words.target)
            .replacing("{hash}", with: words.hash)
    }
}

import FoundationEssentials
import OpenRouter
import Rotation
import Timestamps
import Wording

/// What a leaked key did.
extension RetireStep {
    /// Tells who used the key. It is disabled and not yet deleted: then analytics would not know its hash any more.
    func tellUses(of leaked: Key, to now: Date) {
        guard options.isCompromised, !context.isDryRun else { return }
        let since = options.leakedSince ?? now.addingTimeInterval(-Self.window)
        guard let uses = (try? account.client.send(account.api.uses(leaked.hash, from: since, to: now)))?.value else {
            return context.tell(.warning("OpenRouter does not tell who used \(leaked.plainName)"))
        }
        let moment = since.rfc3339
        guard !uses.isEmpty else {
            return context.tell(.done("OpenRouter shows no request with \(leaked.plainName) since \(moment)"))
        }
        for use in uses {
            context.tell(
                .done(
                    "since \(moment) \(leaked.plainName) made \(Counted(use.requests, "request")) from \(use.application) with "
                        + use.model))
        }
    }

    /// How far back it is asked unless told, in seconds.
    private static let window: TimeInterval = 7 * 86400
}

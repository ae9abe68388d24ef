import HTTP
import JSON
import Rotation

// Others' text stands where a service takes it as it is: there it mentions nobody, links nowhere and formats nothing.
extension Notice {
    /// The body of the request to a service's webhook.
    func body(for service: NotifyRules.Service) -> JSONValue {
        switch service {
        case .slack: slack
        case .teams: teams
        case .discord: discord
        case .json: json
        }
    }

    private var factLine: String { facts.map { "\($0.name): \($0.value)" }.joined(separator: ", ") }

    private var lines: [String] { [factLine, message, hint].compactMap(\.self).filter { !$0.isEmpty } }

    /// docs.slack.dev/reference/block-kit: a `plain_text` is shown as it is, but for the three characters of HTML.
    private var slack: JSONValue {
        var blocks: [JSONValue] = [["type": "header", "text": Self.slackText(sentence)]]
        blocks += lines.map { ["type": "section", "text": Self.slackText($0)] }
        if let run {
            // No address that is accepted holds an angle bracket or a bar.
            let link = JSONValue.string("<\(Self.slackEscape(run.description))|the run>")
            blocks.append(["type": "context", "elements": [["type": "mrkdwn", "text": link]]])
        }
        return ["text": .string(Self.slackEscape(sentence)), "blocks": .array(blocks)]
    }

    private static func slackText(_ text: String) -> JSONValue {
        ["type": "plain_text", "text": .string(slackEscape(withoutLinks(text))), "emoji": false]
    }

    private static func slackEscape(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    /// An address is nothing to click on where something invisible stands in it.
    private static func withoutLinks(_ text: String) -> String { text.replacing("://", with: ":\u{200B}//") }

    /// A message with an Adaptive Card (adaptivecards.io/explorer): unlike a `TextBlock`, a `TextRun` has no Markdown.
    private var teams: JSONValue {
        var body: [JSONValue] = [Self.teamsText(sentence, ["weight": "bolder", "size": "medium"])]
        body += lines.map { Self.teamsText(Self.withoutLinks($0)) }
        var card: JSONObject = [
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
            "body": .array(body),
        ]
        if let run {
            card["actions"] = [["type": "Action.OpenUrl", "title": "Show the run", "url": .string(run.description)]]
        }
        return [
            "type": "message",
            "attachments": [
                [
                    "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": .null,
                    "content": .object(card),
                ]
            ],
        ]
    }

    private static func teamsText(_ text: String, _ style: JSONObject = [:]) -> JSONValue {
        var run: JSONObject = ["type": "TextRun", "text": .string(text)]
        for (name, value) in style.members { run[name] = value }
        return ["type": "RichTextBlock", "inlines": [.object(run)]]
    }

    /// discord.com/developers/docs/resources/webhook#execute-webhook: nobody is mentioned, whatever the text says, and a
    /// block of code has no links. At most 2000 characters.
    private var discord: JSONValue {
        let code = lines.map { $0.replacing("`", with: "'") }.joined(separator: "\n")
        let end = run.map { "\n<\($0.description)>" } ?? ""
        return [
            "content": .string("**\(Self.discordEscape(sentence))**\n```\n\(code)\n```\(end)"),
            "allowed_mentions": ["parse": []],
            // SUPPRESS_EMBEDS
            "flags": 4,
        ]
    }

    private static func discordEscape(_ text: String) -> String { text.replacing("_", with: "\\_") }
}

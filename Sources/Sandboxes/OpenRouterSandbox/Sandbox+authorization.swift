import FoundationEssentials
import HTTP
import JSON
import SandboxWire
import Secrets
import Sodium
import Timestamps

/// What a user has allowed an application: to fetch a key once.
struct AuthorizationCode {
    let code: String
    let account: Int
    let wish: JSONObject
}

/// `/auth/keys`: keys that an application gets by OAuth with PKCE. They are in no list.
extension Sandbox {
    /// `POST /auth/keys/code`, with any key of the account.
    mutating func createCode(_ call: Call) throws(APIError) -> JSONValue {
        let asking = keys[try accepted(call)]
        let wish = try call.object(
            .object([
                ("callback_url", .required(.uri)), ("code_challenge", .anyText),
                ("code_challenge_method", .word(["S256", "plain"])), ("expires_at", .nullable(.time)),
                ("key_label", .text(0...100)), ("limit", .amount),
                ("usage_limit_type", .period), ("workspace_id", .uuid),
                ("spawn_agent", .anyText), ("spawn_cloud", .anyText),
            ]))
        var own = call
        own.account = asking.account
        _ = try targetWorkspace(wish, own)
        codes.append(AuthorizationCode(code: "auth_code_" + random.hex(24), account: asking.account, wish: wish))
        return ["data": ["app_id": 1, "created_at": .date(call.now), "id": .string(codes[codes.count - 1].code)]]
    }

    /// `POST /auth/keys`, which takes a code once.
    mutating func exchangeCode(_ call: Call) throws(APIError) -> JSONValue {
        let wish = try call.object(
            .object([
                ("code", .required(.anyText)), ("code_challenge_method", .nullable(.word(["S256", "plain"]))),
                ("code_verifier", .anyText),
            ]))
        guard let index = codes.firstIndex(where: { $0.code == wish["code"]?.string }) else {
            throw APIError(403, "Invalid code or code_verifier")
        }
        let code = codes[index]
        if let challenge = code.wish["code_challenge"]?.string {
            let verifier = wish["code_verifier"]?.string ?? ""
            let isHashed = code.wish["code_challenge_method"] != "plain"
            let answer = isHashed ? Base64URL.encode(SHA256.hash(Array(verifier.utf8))) : verifier
            guard answer == challenge else { throw APIError(403, "Invalid code or code_verifier") }
        }
        codes.remove(at: index)
        var own = call
        own.account = code.account
        let owner = accounts[code.account].user
        let draft = Draft(
            name: code.wish["key_label"]?.string ?? "Example Application",
            workspace: try targetWorkspace(code.wish, own), creator: owner, isOAuth: true,
            limit: code.wish["limit"]?.number.map { Money($0) },
            limitReset: code.wish["usage_limit_type"]?.string.flatMap(Period.init),
            expiresAt: code.wish["expires_at"]?.string.flatMap(Shape.time))
        let plaintext = mint(draft, account: code.account, at: call.now).plaintext
        return ["key": .text(plaintext.revealed()), "user_id": .string(owner)]
    }
}

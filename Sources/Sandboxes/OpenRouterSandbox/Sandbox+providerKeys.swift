package import FoundationEssentials
import HTTP
import JSON
import SandboxWire
import Timestamps

/// `/byok`: providers' own keys, and which keys may use them.
extension Sandbox {
    mutating func answerProviderKeys(_ call: Call) throws(APIError) -> Reply {
        switch (call.method, call.path.count) {
        case (.get, 1): return (200, try listProviderKeys(call))
        case (.post, 1): return (201, try createProviderKey(call))
        case (.get, 2):
            let rows = accounts[call.account].providerKeys
            return (200, ["data": shown(rows[try rows.index(of: call.path[1])])])
        case (.patch, 2): return (200, try updateProviderKey(call))
        case (.delete, 2):
            let index = try accounts[call.account].providerKeys.index(of: call.path[1])
            accounts[call.account].providerKeys.remove(at: index)
            return (200, ["deleted": true])
        default: throw .notFound
        }
    }

    /// The provider keys of a workspace, and those that are valid in every one.
    private func listProviderKeys(_ call: Call) throws(APIError) -> JSONValue {
        let workspace = try listedWorkspace(call)
        let provider = call.query.text("provider")
        if let provider, !ProviderKey.providers.contains(provider) {
            throw .invalid("provider", "must be a provider's slug")
        }
        let rows = accounts[call.account].providerKeys.filter { row in
            (row.workspace ?? workspace) == workspace && (provider ?? row.provider) == row.provider
        }
        return ["data": .array(try call.page(rows).map(shown)), "total_count": .count(rows.count)]
    }

    private mutating func createProviderKey(_ call: Call) throws(APIError) -> JSONValue {
        let wish = try call.object(ProviderKey.shape)
        try refuseUnknownHashes(wish, account: call.account)
        let workspace = try targetWorkspace(wish, call)
        let row = Record(members: try providerKey(wish, workspace: workspace, account: call.account, at: call.now))
        accounts[call.account].providerKeys.append(row)
        return ["data": shown(row)]
    }

    /// What is named replaces what there was, the whole list of hashes too. A new `key` overwrites the old one.
    private mutating func updateProviderKey(_ call: Call) throws(APIError) -> JSONValue {
        let index = try accounts[call.account].providerKeys.index(of: call.path[1])
        let wish = try call.object(ProviderKey.change)
        try refuseUnknownHashes(wish, account: call.account)
        var row = accounts[call.account].providerKeys[index]
        row.members = try ProviderKey.changed(row.members, by: wish)
        accounts[call.account].providerKeys[index] = row
        return ["data": shown(row)]
    }

    private mutating func providerKey(
        _ wish: JSONObject, workspace: String?, account: Int, at now: Date
    ) throws(APIError) -> JSONObject {
        let provider = wish["provider"]?.string
        let members: JSONObject = [
            "allowed_api_key_hashes": nil, "allowed_models": nil, "allowed_user_ids": nil, "created_at": .date(now),
            "declared_region": nil, "declared_zdr": nil, "disabled": false, "id": .string(random.uuid()),
            "is_byok_only": false, "is_fallback": false, "is_required": false, "label": "", "name": nil,
            "provider": .text(provider),
            "sort_order": .count(accounts[account].providerKeys.count { $0.provider == provider }),
            "workspace_id": .text(workspace),
        ]
        return try ProviderKey.changed(members, by: wish)
    }

    /// A whole list is refused for one hash that is not of a live key of this account.
    private func refuseUnknownHashes(_ wish: JSONObject, account: Int) throws(APIError) {
        for hash in wish["allowed_api_key_hashes"]?.strings ?? [] {
            guard isAdministered(hash, account: account),
                !behaviour.refusesDisabledKeys || key(hash)?.disabled == false
            else { throw .invalid("allowed_api_key_hashes", "must be of keys of this account") }
        }
    }

    private func shown(_ row: Record) -> JSONValue { shown(row, hashes: "allowed_api_key_hashes") }

    /// A row with the hashes that it still has after keys were deleted.
    func shown(_ row: Record, hashes name: String) -> JSONValue {
        guard behaviour.deadHashes != .stay, let hashes = row.members[name]?.strings else { return row.json }
        let live = hashes.filter { key($0)?.deletedAt == nil }
        var row = row
        row.members[name] = .hashes(live.isEmpty && behaviour.deadHashes == .widen ? nil : live)
        return row.json
    }

    /// Adds a provider's own key (BYOK) that only these keys may use, or all of them for `nil`; returns its id. It
    /// belongs to the default workspace if none is given, and to every one if it is global.
    @discardableResult
    package mutating func addProviderKey(
        _ name: String, allowing hashes: [String]?, provider: String = "openai", workspace: String? = nil,
        isGlobal: Bool = false, account: Int = 0, at now: Date = Date(timeIntervalSince1970: 1_767_225_600)
    ) -> String {
        let wish: JSONObject = [
            "allowed_api_key_hashes": .hashes(hashes), "key": "sk-provider-key-AbCd", "name": .string(name),
            "provider": .string(provider),
        ]
        let home = isGlobal ? nil : workspace ?? accounts[account].defaultWorkspace
        guard let members = try? providerKey(wish, workspace: home, account: account, at: now) else { return "" }
        accounts[account].providerKeys.append(Record(members: members))
        return accounts[account].providerKeys.last?.id ?? ""
    }
}

/// The members of a provider's key.
private enum ProviderKey {
    static let shape: Shape = .object(
        [
            ("provider", .required(.word(providers))), ("key", .required(.someText)), ("workspace_id", .uuid),
            ("allowed_api_key_hashes", .nullable(.list(.hash, 1...100))),
            ("declared_region", .nullable(.word(["global", "europe", "us"]))), ("declared_zdr", .nullable(.flag)),
            ("name", .nullable(.text(0...255))),
        ] + ["allowed_models", "allowed_user_ids"].map { ($0, .nullable(.list(.anyText, 0...100))) }
            + ["disabled", "is_byok_only", "is_fallback", "is_required"].map { ($0, .flag) })

    /// Neither the provider nor the workspace can be changed.
    static let change: Shape = {
        guard case .object(let members) = shape.change else { return shape }
        return .object(members.filter { !["provider", "workspace_id"].contains($0.name) })
    }()

    static func changed(_ row: JSONObject, by wish: JSONObject) throws(APIError) -> JSONObject {
        var (row, wish) = (row, wish)
        let provider = row["provider"]?.string ?? ""
        let isRegionInKey = ["openai", "fireworks"].contains(provider)
        if let key = wish["key"]?.string {
            row["label"] = .string(mask(key))
            if isRegionInKey {
                let region = region(in: key)
                if let declared = wish["declared_region"], declared != .null, declared != (region ?? .null) {
                    throw .invalid("declared_region", "must be the key's own region")
                }
                wish["declared_region"] = region ?? .null
            }
        } else if isRegionInKey, let declared = wish["declared_region"], declared != .null,
            declared != row["declared_region"]
        {
            throw .invalid("declared_region", "must be the key's own region")
        }
        if let declared = wish["declared_region"]?.string, !isRegionInKey, declared != "global" {
            let allowed = provider == "azure" || provider == "anthropic" && declared == "us"
            guard allowed else { throw .invalid("declared_region", "cannot be declared for this provider") }
        }
        wish["key"] = nil
        wish["provider"] = nil
        wish["workspace_id"] = nil
        row.append(wish)
        guard row["is_byok_only"] != true || row["is_fallback"] != true else {
            throw .invalid("is_byok_only", "cannot be combined with is_fallback")
        }
        return row
    }

    /// OpenAI's and Fireworks' keys may say their region, in the form `{"api_key": …, "region": …}`.
    private static func region(in key: String) -> JSONValue? {
        let region = (try? JSONValue(parsing: key.utf8))?["region"]
        return ["global", "europe", "us"].contains(region?.string) ? region : nil
    }

    private static func mask(_ key: String) -> String {
        key.count < 12 ? "..." : key.prefix(3) + "..." + key.suffix(4)
    }

    static let providers = """
        ai21 aion-labs akashml alibaba amazon-bedrock amazon-bedrock/claude-on-aws amazon-nova ambient anthropic
        anthropic/2 arcee-ai assemblyai atlas-cloud avian azure baidu baseten black-forest-labs byteplus
        cerebras chutes cirrascale clarifai claude-on-aws cloudflare cohere coreweave cosine crusoe
        darkbloom databricks decart deepgram deepinfra deepseek dekallm digitalocean elevenlabs featherless
        fireworks fish-audio friendli gmicloud google-ai-studio google-vertex groq heygen inception
        inceptron inferact-vllm inference-net infermatic inflection io-net ionstream krea liquid makora
        mancer mara meta minimax mistral modal modelrun modular moonshotai morph ncompass near-ai nebius
        nex-agi nextbit novita nvidia ollama open-inference openai parasail pareto-alpha perceptron
        perplexity phala poolside primeintellect quiver recraft recursive reka relace respan runway
        sail-research sakana sakana-ai sambanova scaledown seed siliconflow sourceful stepfun streamlake
        switchpoint tencent tenstorrent thinkingmachines together typesafe unbiased upstage venice voyageai
        wafer wandb wandb-legacy xai xiaomi z-ai
        """.split(whereSeparator: \.isWhitespace).map(String.init)
}

extension Record {
    fileprivate var provider: String? { members["provider"]?.string }
}

extension JSONValue {
    static func hashes(_ hashes: [String]?) -> JSONValue {
        hashes.map { .array($0.map(JSONValue.string)) } ?? .null
    }
}

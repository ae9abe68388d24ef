import FoundationEssentials
import Secrets
import TestSupport
import Testing

/// The publisher for Vault, as `ork-conform` sees it in front of a real OpenBao.
@Suite(.tags(.servers)) struct VaultConformTests {
    @Test(
        "ork-publisher-vault-kv keeps the contract wherever the secret is, and however it logs in",
        arguments: [
            ("secret", "full", []), ("secret", "nopatch", []), ("apps/kv", "full", []), ("kv1", "full", []),
            ("secret", "full", ["auth=approle"]),
        ] as [(String, String, [String])])
    func vault(mount: String, policy: String, login: [String]) async throws {
        let server = try await onOwnThread { try OpenBaoServer() }
        let role = try server.role("ork")
        var environment = [
            "VAULT_ADDR": server.url, "VAULT_TOKEN": try server.token(policy).revealed() ?? "",
            "READER": server.root.revealed() ?? "",
        ]
        if !login.isEmpty {
            environment["VAULT_ROLE_ID"] = role.id
            environment["VAULT_SECRET_ID"] = role.secretID.revealed()
        }
        let isFirst = mount == "kv1"
        let path = isFirst ? "kv1/apps/web" : "\(mount)/data/apps/web"
        let reader = """
            curl -sS -H "X-Vault-Token: $READER" "$VAULT_ADDR/v1/\(path)" | \
            jq -r '.data\(isFirst ? "" : ".data") // {} | .[]'
            """
        let lines = try await Conform.run(
            "ork-publisher-vault-kv", with: ["path=apps/web", "field=KEY", "mount=\(mount)"] + login,
            environment: environment, command: reader)
        #expect(lines.last == "26 passed, 0 failed, 0 skipped", "\(lines)")
    }
}

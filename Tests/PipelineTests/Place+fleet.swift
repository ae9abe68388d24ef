import FoundationEssentials
import HTTP
import JSON
import Secrets
import TestSupport

extension Place {
    /// Writes the ork.yaml of a fleet: `checkout` is due by its age and has two waves, `search` is to have its first key,
    /// `idle` is not due, and `broken` has a target that does not exist.
    ///
    /// A key is due when it is 12 hours old; the one that the sandbox starts with is a day old.
    func configureFleet(
        _ publisher: String, _ container: String, _ name: String, soak: String, publishBy: String = "30d",
        isBroken: Bool = true, more: String = ""
    ) throws {
        let token = publisher.hasPrefix("github") ? "GITHUB_TOKEN" : "GITLAB_TOKEN"
        func target(_ key: String, in place: String = "acme/web", wave: Int = 1) -> String {
            "{publisher: \(publisher), env: {\(token): TARGET_TOKEN}, wave: \(wave), "
                + "with: {\(container): \(place), \(name): \(key), create: true}}"
        }
        let broken = """
              broken:
                predecessor: none
                successor: {name: broken-prod}
                targets: {web: \(target("BROKEN_KEY", in: "acme/nowhere"))}
            """
        try folder.write(
            """
            version: 1
            defaults:
              due: {every: 12h}
              publish: {settle: 0s, publish_by: \(publishBy)}
              retire: {overlap: 0s, quiet_for: 0s, soak: \(soak), accept_idle: true}
            rotations:
              checkout:
                predecessor: {name: checkout-prod}
                targets:
                  app: {publisher: file, with: {path: \(folder.file("app.env")), name: OPENROUTER_API_KEY}}
                  canary: \(target("CANARY_KEY"))
                  web: \(target("WEB_KEY", wave: 2))
              search:
                predecessor: none
                successor: {name: search-prod}
                targets: {web: \(target("SEARCH_KEY"))}
              idle:
                predecessor: {name: idle-prod}
                targets: {web: \(target("IDLE_KEY"))}
            \(isBroken ? broken : "")
            \(more)
            """, to: "repository/ork.yaml")
    }

    /// Makes the keys and files that the fleet begins with.
    func beginFleet() throws {
        try folder.write("OPENROUTER_API_KEY=\(sandbox.predecessor.key.revealed() ?? "")\n", to: "app.env")
        _ = try sandbox.send(.post, "/keys", as: sandbox.managementKey, ["name": "idle-prod"])
    }

    /// What is left of a lineage, the oldest first: `live`, or `disabled`.
    func states(_ base: String) throws -> [String] {
        try sandbox.keys().compactMap { key in
            guard let name = key["name"]?.string, name == base || name.hasPrefix(base + " "),
                key["deleted_at"] == .null
            else { return nil }
            return key["disabled"] == true ? "disabled" : name.hasSuffix(" minting") ? "minting" : "live"
        }
    }
}

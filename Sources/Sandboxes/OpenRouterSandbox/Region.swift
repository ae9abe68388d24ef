import JSON

/// Where a request arrives: at `openrouter.ai`, or at its host in one part of the world.
enum Region: String, CaseIterable {
    case global
    case europe
    case us

    /// The region of a host's name.
    init(host: String) {
        self = host.hasPrefix("eu.") ? .europe : host.hasPrefix("us.") ? .us : .global
    }
}

extension Sandbox {
    /// Where a key may be used: what every guardrail over it allows and the account is entitled to.
    func regions(of key: Key) -> [Region] {
        let lists = guardrails(of: key).compactMap { $0.row.members["allowed_data_regions"]?.strings }
        return Region.allCases.filter { region in
            (behaviour.servesRegions || region == .global) && lists.allSatisfy { $0.contains(region.rawValue) }
        }
    }
}

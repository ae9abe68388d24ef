/// A region of AWS, which tells where its services are.
package struct AWSRegion: Hashable, Sendable {
    /// As `eu-central-1`.
    package let name: String

    /// `nil` for what cannot be a region's name, and so no part of a host's.
    package init?(_ name: String) {
        let isName =
            !name.isEmpty && name.utf8.count <= 40 && !name.hasPrefix("-") && !name.hasSuffix("-")
            && name.utf8.allSatisfy { (48...57).contains($0) || (97...122).contains($0) || $0 == UInt8(ascii: "-") }
        guard isName, name.utf8.contains(UInt8(ascii: "-")) else { return nil }
        self.name = name
    }

    /// Where a service of this region is, by the first part of its name there, as `secretsmanager`.
    package func address(of prefix: String) -> String { "https://\(prefix).\(name).\(domain)" }

    /// The domain of the region's partition (AWS's endpoint rules, `partitions.json` of the SDKs).
    private var domain: String {
        let others = [
            ("cn-", "amazonaws.com.cn"), ("eusc-", "amazonaws.eu"), ("us-iso-", "c2s.ic.gov"),
            ("us-isob-", "sc2s.sgov.gov"), ("us-isof-", "csp.hci.ic.gov"), ("eu-isoe-", "cloud.adc-e.uk"),
        ]
        return others.first { name.hasPrefix($0.0) }?.1 ?? "amazonaws.com"
    }
}

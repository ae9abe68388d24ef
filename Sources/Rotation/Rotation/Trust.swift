/// Whose signatures count, step by step. It comes from this stage's own settings, never from a handoff.
package struct Trust: Hashable, Sendable {
    private let signers: [StepName: Set<PublicIdentity>]
    /// Whether retirement, and publishing of later waves, wait for an `approved` record.
    package let requiresApproval: Bool

    /// One identity for all steps: signatures then tell accident from intent, not friend from foe.
    package init(only identity: PublicIdentity) {
        signers = Dictionary(uniqueKeysWithValues: StepName.allCases.map { ($0, [identity]) })
        requiresApproval = false
    }

    /// The named identities for the named steps; `fallback` for the others. Whoever may retire may roll back, unless
    /// somebody is named for that.
    package init(_ named: [StepName: Set<PublicIdentity>], fallback: PublicIdentity?) {
        var signers = named
        signers[.rollback] = named[.rollback] ?? named[.retire]
        for step in StepName.allCases where signers[step] == nil { signers[step] = fallback.map { [$0] } ?? [] }
        self.signers = signers
        requiresApproval = named[.approve] != nil
    }

    /// Whether `signer` may write the records of `step`.
    package func accepts(_ signer: PublicIdentity, for step: StepName) -> Bool {
        signers[step]?.contains(signer) ?? false
    }

    /// Whether somebody may sign for `step` who may not for `other`.
    package func separates(_ step: StepName, from other: StepName) -> Bool {
        !(signers[step] ?? []).isSubset(of: signers[other] ?? [])
    }

    /// Whom the successor is sealed to: those who publish and those who verify.
    package var recipients: [PublicIdentity] {
        let recipients = (signers[.publish] ?? []).union(signers[.verify] ?? [])
        return recipients.sorted()
    }

    /// Whom a predecessor is sealed to: those who roll back, and those who publish, who find it at a target.
    package var keepers: [PublicIdentity] {
        (signers[.publish] ?? []).union(signers[.rollback] ?? []).sorted()
    }
}

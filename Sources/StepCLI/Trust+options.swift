import Rotation
import Steps

extension Trust {
    /// Trust by `ork.yaml` and `--trust STEP=IDENTITY`; this stage's own identity where neither says anything.
    init(
        _ flags: [String], _ configured: [StepName: Set<PublicIdentity>]?, own: PublicIdentity?
    ) throws(StepError) {
        var named: [StepName: Set<PublicIdentity>] = [:]
        for flag in flags {
            let parts = flag.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let step = StepName(rawValue: parts[0]), let identity = PublicIdentity(parts[1])
            else {
                throw StepError(
                    .usage, "--trust needs STEP=ork-public-1:…, with one of create, publish, verify, approve, retire",
                    hint: "ork-keygen --public prints the public identity of a private one")
            }
            named[step, default: []].insert(identity)
        }
        // A flag replaces what the file says of its step.
        named.merge(configured ?? [:]) { flag, _ in flag }
        self.init(named, fallback: own)
    }
}

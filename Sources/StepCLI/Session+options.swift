package import Configuration
package import Rotation
package import Steps

extension Session {
    /// The names that were given to a repeatable option.
    package func names(_ texts: [String], _ option: String) throws(StepError) -> Set<PlanName> {
        var names: Set<PlanName> = []
        for text in texts {
            guard let name = PlanName(text) else {
                throw StepError(.usage, "\(option) needs the name of a target", hint: "ork-status shows their names")
            }
            names.insert(name)
        }
        return names
    }

    /// The plan as it stands for a run that needs no handoff: the handoff's, else `ork.yaml`'s, and over it the flags.
    package func plan(_ flags: PlanFlags) throws(StepError) -> Plan {
        let base = try state()?.plan ?? configuration?.plan ?? Plan(predecessor: .none)
        do { return try flags.plan(over: base) } catch { throw StepError(error) }
    }

    /// What the records say; `nil` if the rotation has not begun.
    package func state() throws(StepError) -> State? {
        guard let handoff = journal.handoff else { return nil }
        do { return try State(handoff, trust: trust) } catch {
            throw StepError(.unacceptable, error.message, hint: error.hint)
        }
    }

    /// Writes a report; that it could not be written is said, and nothing else is lost.
    package func write(_ text: String, to path: String) {
        do { try DurableFile(path).replace(Array(text.utf8)) } catch {
            console.show(.warning("\(path) cannot be written: \(error)"))
        }
    }
}

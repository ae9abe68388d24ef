import Rotation
import TestSupport
import Testing

/// What the compromise of one stage reaches of the others where no stage has an `ork.yaml`; README's table has one.
///
/// The attacker has all secrets of a stage, and writes any bytes as the handoff that the others load. What these secrets
/// do by themselves is not tried: a management key deletes any key, a target's token writes to its target. To stop a
/// rotation is always possible. An `ork.yaml` would fix the keys, the targets, the programs and the rules of retirement.
@Suite(.tags(.values)) struct MatrixTests {
    private static let separate: [Attacker: Set<Goal>] = [
        .artifacts: [],
        // Whoever signs for create is the plan's author, and says what its key is.
        .create: [.publishElsewhere, .publishOwnKey, .runProgram, .retireInUse],
        .publish: [.readSuccessor],
        // Its word is the evidence, and the box is sealed to it.
        .verify: [.readSuccessor, .retireUnverified],
        .approve: [],
        .retire: [],
    ]

    /// Whoever signs anything signs everything; but a resumed creation asks what the keys are called.
    private static let shared = Set(Goal.allCases).subtracting([.retireUnapproved, .inheritOtherLimit])

    private static func expected(_ attacker: Attacker, _ separation: Stages.Separation) -> Set<Goal> {
        let separate = separate[attacker] ?? []
        switch separation {
        case .shared: return attacker == .artifacts ? [] : shared.filter { $0.victim != attacker.step }
        case .separate: return separate
        // Evidence alone opens no gate, and whoever may open it may do so unseen.
        case .gated:
            return separate.subtracting([.retireUnverified]).union(attacker == .approve ? [.retireUnapproved] : [])
        }
    }

    @Test("a stage reaches of the others what the table says", arguments: Attacker.allCases, Stages.Separation.allCases)
    func cell(attacker: Attacker, separation: Stages.Separation) throws {
        let expected = Self.expected(attacker, separation)
        for goal in Goal.allCases {
            var attack = try Attack(attacker, separation)
            #expect(try attack.reaches(goal) == expected.contains(goal), "\(goal.rawValue)")
        }
    }

    @Test("a reading that somebody makes up shows no predecessor quiet that is in use")
    func madeUpReading() throws {
        var quiet = try Attack(.publish, .shared)
        #expect(try quiet.retiresInUse(isUsed: false, obeysFile: true))
        var used = try Attack(.publish, .shared)
        #expect(try !used.retiresInUse(obeysFile: true))
    }
}

/// Where an attacker sits.
enum Attacker: String, CaseIterable, Sendable {
    /// Writes artifacts, and has no identity.
    case artifacts
    case create, publish, verify, approve, retire

    var step: StepName? { StepName(rawValue: rawValue) }
}

/// What an attacker wants of another stage.
enum Goal: String, CaseIterable, Sendable {
    case retireOtherLineage = "ork-retire disables a key of another lineage"
    case retireUnverified = "ork-retire disables the predecessor before verification"
    case retireUnapproved = "ork-retire disables the predecessor without approval"
    case retireInUse = "ork-retire disables a predecessor in use"
    case publishElsewhere = "ork-publish writes to another target"
    case publishOwnKey = "ork-publish hands out a key of the attacker's"
    case runProgram = "ork-verify runs a program of the attacker's"
    case readSuccessor = "the sealed successor is opened"
    case inheritOtherLimit = "ork-create mints with the limit of another lineage"

    /// The stage that does it; an attacker who is that stage needs no other.
    var victim: StepName? {
        switch self {
        case .retireOtherLineage, .retireUnverified, .retireUnapproved, .retireInUse: .retire
        case .publishElsewhere, .publishOwnKey: .publish
        case .runProgram: .verify
        case .readSuccessor: nil
        case .inheritOtherLimit: .create
        }
    }
}

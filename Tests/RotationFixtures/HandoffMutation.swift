import JSON
package import Rotation
import Secrets
import Testing

/// One way to put a hand to a handoff.
package enum HandoffMutation: String, CaseIterable, Sendable, CustomTestStringConvertible {
    // One value somewhere in it.
    case removed, doubled, renamed, retyped, emptied, huge, altered
    // Records and their signers.
    case recordsShuffled, recordsDropped, recordsCut, recordsOfAnotherRotation, recordOfAnotherRotation
    case signaturesExchanged, signersExchanged, signedByAStranger, signedForAnotherStep, signedWithWrongDetail
    case joinedWithAStrangersRecords
    // Boxes.
    case boxesExchanged, boxOfAnotherRotation, boxTruncated, boxSealedAnew, boxesDoubled, boxesShuffled
    // The header.
    case headerChanged, headerSignedAnew, headerOfAnotherRotation
    // The text of it.
    case otherEncoding, byteOrderMark, invalidUTF8, loneSurrogate, rawControlCharacter, carriageReturns
    case escapedText, keyTwice, oddNumber, deeplyNested, trailingBytes, twoDocuments, noDocument
    // Its bytes.
    case bitFlipped, bytesRemoved, bytesMoved, truncated

    package var testDescription: String { rawValue }

    /// What becomes of a handoff that is changed so.
    package enum Fate: Sendable {
        /// No step may go on with it.
        case refused
        /// The same, unless chance has hit what nobody reads.
        case mostlyRefused
        /// It says the same.
        case harmless
        /// It depends on the place: what is in no signature, such as the summary, may say anything.
        case either
    }

    package var fate: Fate {
        switch self {
        case .removed, .doubled, .renamed, .retyped, .emptied, .huge, .altered, .recordsCut, .signedWithWrongDetail,
            .boxesExchanged, .boxOfAnotherRotation, .boxTruncated, .boxSealedAnew:
            .either
        case .recordsDropped, .headerSignedAnew, .bitFlipped, .bytesRemoved, .bytesMoved: .mostlyRefused
        case .recordsShuffled, .boxesDoubled, .boxesShuffled, .carriageReturns, .escapedText: .harmless
        default: .refused
        }
    }
}

/// What mutants are made from: a handoff, and what somebody has who makes them.
package struct HandoffSource: Sendable {
    /// The file as a step wrote it.
    package let bytes: [UInt8]
    /// The file of another rotation of the same stages.
    package let other: [UInt8]
    /// The identities of the stages, which may all be one.
    package let identities: [StepName: Identity]
    /// One that nobody trusts.
    package let stranger: Identity

    let json: JSONValue
    let otherJSON: JSONValue

    package init(
        bytes: [UInt8], other: [UInt8], identities: [StepName: Identity], stranger: Identity
    ) throws {
        self.bytes = bytes
        self.other = other
        json = try JSONValue(parsing: bytes, numbers: .integers)
        otherJSON = try JSONValue(parsing: other, numbers: .integers)
        self.identities = identities
        self.stranger = stranger
    }

    /// The handoff changed in this way, at a place that `random` chooses; `nil` if it has nothing to change so.
    package func mutant(
        _ mutation: HandoffMutation, using random: inout some RandomNumberGenerator
    ) throws -> [UInt8]? {
        let mutant: [UInt8]?
        switch mutation {
        case .removed, .doubled, .renamed, .retyped, .emptied, .huge, .altered:
            mutant = changingValue(mutation, &random)
        case .recordsShuffled, .recordsDropped, .recordsCut, .recordsOfAnotherRotation, .recordOfAnotherRotation,
            .signaturesExchanged, .signersExchanged:
            mutant = changingRecords(mutation, &random)
        case .signedByAStranger, .signedForAnotherStep, .signedWithWrongDetail, .joinedWithAStrangersRecords,
            .headerSignedAnew:
            mutant = try signing(mutation, &random)
        case .boxesExchanged, .boxOfAnotherRotation, .boxTruncated, .boxSealedAnew, .boxesDoubled, .boxesShuffled:
            mutant = try changingBoxes(mutation, &random)
        case .headerChanged, .headerOfAnotherRotation: mutant = changingHeader(mutation, &random)
        default: mutant = changingText(mutation, &random)
        }
        return mutant == bytes ? nil : mutant
    }
}

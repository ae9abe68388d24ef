import Secrets
import Sodium
import TestSupport
import Testing

@Suite(.tags(.values)) struct BoxTests {
    private let mine: BoxKeyPair
    private let other: BoxKeyPair

    init() throws {
        mine = try BoxKeyPair(seed: Secret([UInt8](repeating: 1, count: 32)))
        other = try BoxKeyPair(seed: Secret([UInt8](repeating: 2, count: 32)))
    }

    @Test("a box opens for its owner alone", arguments: [0, 1, 73, 100_000])
    func roundTrip(count: Int) throws {
        let secret = RandomBytes.secret(count)
        let box = try BoxKeyPair.seal(secret, to: mine.publicKey)
        #expect(box.count == count + 48)
        #expect(try mine.open(box) == secret)
        #expect(throws: SodiumError.cannotOpen) { try other.open(box) }
    }

    @Test("the same secret makes another box each time")
    func freshness() throws {
        let secret = Secret("sk-or-v1-5")
        #expect(try BoxKeyPair.seal(secret, to: mine.publicKey) != BoxKeyPair.seal(secret, to: mine.publicKey))
    }

    @Test("an altered, cut or extended box does not open")
    func broken() throws {
        let box = try BoxKeyPair.seal(Secret("sk-or-v1-5"), to: mine.publicKey)
        for index in box.indices {
            var changed = box
            changed[index] ^= 1
            #expect(throws: SodiumError.cannotOpen) { try mine.open(changed) }
        }
        #expect(throws: SodiumError.cannotOpen) { try mine.open(box + [0]) }
        for count in 0..<box.count {
            #expect(throws: SodiumError.cannotOpen) { try mine.open(Array(box.prefix(count))) }
        }
    }

    @Test("a public key of another length, or one that any box would be open under, is refused")
    func publicKeys() {
        #expect(throws: SodiumError.length) { try BoxKeyPair.seal(Secret("x"), to: [1, 2, 3]) }
        #expect(throws: SodiumError.self) {
            try BoxKeyPair.seal(Secret("x"), to: [UInt8](repeating: 0, count: 32))
        }
    }
}

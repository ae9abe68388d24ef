package import FoundationEssentials
package import Secrets
import Sodium

/// Which repositories of an organisation see a secret or a variable.
package enum Visibility: String, Sendable {
    case all
    case `private`
    case selected
}

/// A secret as it is stored, sealed.
package struct StoredSecret: Sendable {
    /// In upper case.
    package let name: String
    /// The sealed box in base64, as it was sent.
    package internal(set) var encryptedValue: String
    /// What the box held; `nil` if it does not open.
    package internal(set) var plaintext: Secret?
    /// Of an organisation's secret only.
    package internal(set) var visibility: Visibility?
    /// The ids of the chosen repositories, ascending.
    package internal(set) var selected: [Int] = []
    package let createdAt: Date
    package internal(set) var updatedAt: Date
    /// What it was sealed to.
    var keyPair: BoxKeyPair
}

/// A variable, which can be read.
package struct StoredVariable: Sendable {
    /// In upper case.
    package internal(set) var name: String
    package internal(set) var value: String
    /// Of an organisation's variable only.
    package internal(set) var visibility: Visibility?
    /// The ids of the chosen repositories, ascending.
    package internal(set) var selected: [Int] = []
    package let createdAt: Date
    package internal(set) var updatedAt: Date
}

/// What secrets are sealed to, until another replaces it.
struct SealingKey {
    let id: String
    let pair: BoxKeyPair
}

import Documents
import PublisherPlugin
import Secrets

/// A way to keep a value encrypted in a file. Plaintext is in memory and in pipes only.
protocol EncryptedFile: Sendable {
    /// The programs that it runs.
    var programs: [String] { get }
    /// Decrypts the file of a commit, where that can be done here.
    func open(_ file: RepositoryFile) throws(PublisherError) -> OpenedFile
    /// The bytes of the file with another value in it; everything else in it stays.
    func writing(
        _ value: Secret, into file: RepositoryFile, _ opened: OpenedFile
    ) throws(PublisherError) -> [UInt8]
}

/// The file as a commit has it, with what is needed to work on it.
struct RepositoryFile {
    /// `nil` if there is none.
    let bytes: [UInt8]?
    /// The next `.sops.yaml` at or above it, with its path.
    let rules: (path: String, bytes: [UInt8])?
    let stage: Stage
    let work: Work
}

/// What a file turned out to hold at the place of the value.
enum OpenedFile {
    /// There is no file.
    case missing
    /// The plaintext, and the value in it; `nil` if there is none.
    case plaintext(Document, value: Secret?)
    /// It cannot be decrypted here.
    case sealed
}

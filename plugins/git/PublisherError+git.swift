import Git
import PublisherPlugin

extension PublisherError {
    /// What a failure of git means to the person who set the target up.
    init(_ error: GitError, about field: String? = nil) {
        let (code, ownField): (Code, String?) =
            switch error.code {
            case .unreachable, .untrusted, .interrupted, .storage, .remoteStorage: (.unavailable, nil)
            case .unknownHostKey, .changedHostKey: (.configuration, "with.host_key")
            case .denied: (.denied, nil)
            case .notFound: (.notFound, "with.remote")
            case .noBranch: (.notFound, "with.branch")
            case .noLender: (.notFound, "with.checkout")
            case .unsigned: (.configuration, "with.sign")
            case .invalid: (.configuration, nil)
            }
        self.init(code, error.message, hint: error.hint, field: field ?? ownField)
    }
}

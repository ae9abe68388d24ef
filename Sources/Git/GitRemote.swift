/// A repository elsewhere, what to show it, and what it must show.
package struct GitRemote: Sendable {
    package let address: GitAddress
    package let credentials: GitCredentials
    package let hostKeys: HostKeys

    package init(_ address: GitAddress, credentials: GitCredentials = .none, hostKeys: HostKeys = .none) {
        self.address = address
        self.credentials = credentials
        self.hostKeys = hostKeys
    }
}

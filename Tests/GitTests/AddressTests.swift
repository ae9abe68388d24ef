import Git
import TestSupport
import Testing

@Suite(.tags(.values)) struct AddressTests {
    @Test(
        "an address is taken apart",
        arguments: [
            ("https://git.example/a/b.git", GitAddress.Transport.https, "git.example"),
            ("https://git.example:8443/a", .https, "git.example:8443"),
            ("ssh://git@git.example:22/a", .ssh, "git.example:22"), ("git@git.example:a/b", .ssh, "git.example"),
            ("file:///srv/a.git", .local, "/srv/a.git"), ("/srv/a.git", .local, "/srv/a.git"),
        ])
    func parts(text: String, transport: GitAddress.Transport, place: String) throws {
        let address = try GitAddress(text)
        #expect(address.transport == transport)
        #expect(address.place == place)
    }

    @Test(
        "an address that is not encrypted, or holds a credential, is refused",
        arguments: [
            "", "http://git.example/a", "git://git.example/a", "https://user:token@git.example/a",
            "https://token@git.example/a", "ssh://git:word@git.example/a", "https:///a", "https://git.example:0/a",
            "https://git.example:x/a", "ssh://-oProxyCommand=x/a", "-oProxyCommand=x:a", "relative/path",
            "file://host/a", "https://git.example/a b", "/srv/a\n",
        ])
    func refused(text: String) {
        let error = #expect(throws: GitError.self) { try GitAddress(text) }
        #expect(error?.code == .invalid)
        #expect(error?.message.contains("token") != true)
    }
}

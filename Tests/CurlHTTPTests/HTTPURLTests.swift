import CurlHTTP
import HTTP
import Secrets
import TestSupport
import Testing

@Suite("Addresses", .tags(.values))
struct HTTPURLTests {
    @Test(
        "an address is read, with its host and whether that is this machine",
        arguments: [
            ("https://openrouter.ai/api/v1", "openrouter.ai", false),
            ("https://OpenRouter.AI:443/api/v1?x=%2F", "openrouter.ai", false),
            ("https://openrouter.ai", "openrouter.ai", false), ("https://openrouter.ai?x=1", "openrouter.ai", false),
            ("https://h/@user", "h", false), ("https://h?a@b:c", "h", false),
            ("https://[2001:db8::1]:8443/", "2001:db8::1", false), ("https://10.0.0.1/", "10.0.0.1", false),
            ("http://localhost:8080/", "localhost", true), ("http://LOCALHOST/", "localhost", true),
            ("http://app.localhost/", "app.localhost", true), ("http://127.0.0.1:1/", "127.0.0.1", true),
            ("http://127.255.255.254/", "127.255.255.254", true), ("http://[::1]:65535/", "::1", true),
            ("https://localhost/", "localhost", true),
        ])
    func isRead(text: String, host: String, isLoopback: Bool) throws {
        let url = try HTTPURL(text)
        #expect(url.description == text)
        #expect(url.host == host)
        #expect(url.isLoopback == isLoopback)
    }

    @Test(
        "plain http is for this machine only",
        arguments: [
            "http://openrouter.ai/", "http://127.0.0.1.evil.example/", "http://localhost.evil.example/",
            "http://evil.example/127.0.0.1", "http://evil.example?localhost", "http://evillocalhost/",
            "http://localhost./", "http://127.0.0.1./", "http://127.1/", "http://127.0.0/", "http://127.0.0.256/",
            "http://127.0.0.08/", "http://127.0.0.010/", "http://0127.0.0.1/", "http://2130706433/",
            "http://0x7f.0.0.1/", "http://127.0.0.0x1/", "http://127..0.1/", "http://128.0.0.1/", "http://0.0.0.0/",
            "http://[::]/", "http://[::2]/", "http://[::ffff:127.0.0.1]/", "http://10.0.0.1/",
        ])
    func plaintext(text: String) {
        #expect(throws: HTTPURL.Mistake.plaintext) { try HTTPURL(text) }
    }

    @Test(
        "where AWS hands out credentials may be plain http, for who asks for that",
        arguments: [
            "http://169.254.170.2/v2/x", "http://169.254.170.23/v1", "http://169.254.169.254/latest/",
            "http://[fd00:ec2::23]/v1", "http://[fd00:ec2::254]/latest",
        ])
    func credentialEndpoints(text: String) throws {
        let url = try HTTPURL(credentialEndpoint: text)
        #expect(url.isCredentialEndpoint && url.isNear && !url.isLoopback)
        #expect(url.appending("/a", query: [("b", "c")]).isWellFormed)
        #expect(throws: HTTPURL.Mistake.plaintext) { try HTTPURL(text) }
        let local = try HTTPURL(credentialEndpoint: "http://127.0.0.1:1/")
        #expect(!local.isCredentialEndpoint && local.isNear)
        #expect(try !HTTPURL(credentialEndpoint: text.replacing("http:", with: "https:")).isNear)
    }

    @Test(
        "and nothing else may",
        arguments: [
            "http://169.254.170.3/", "http://169.254.0.1/", "http://169.254.170.2.evil.example/", "http://10.0.0.1/",
            "http://[fd00:ec2::1]/", "http://[fd00:ec2:0::23]/", "http://[fe80::1]/", "http://evil.example/",
        ])
    func otherEndpoints(text: String) {
        #expect(throws: HTTPURL.Mistake.plaintext) { try HTTPURL(credentialEndpoint: text) }
    }

    @Test("a link-local address may be plain http for a caller that asks for that, and no other spelling of one")
    func linkLocal() throws {
        for text in ["http://169.254.129.3:8081/msi/token", "http://169.254.169.254/metadata/identity"] {
            let url = try HTTPURL(linkLocal: text)
            #expect(url.isCredentialEndpoint && url.isNear && url.appending("", query: [("a", "b")]).isWellFormed)
            #expect(throws: HTTPURL.Mistake.plaintext) { try HTTPURL(text) }
        }
        for host in [
            "169.253.1.1", "169.254.1", "169.254.1.1.evil.example", "169.254.01.1", "169.0376.1.1", "2852039166",
            "0xa9fe0101",
            "[::ffff:169.254.1.1]", "[fe80::1]", "10.0.0.1", "evil.example",
        ] {
            #expect(throws: HTTPURL.Mistake.plaintext, "\(host)") { try HTTPURL(linkLocal: "http://\(host)/") }
        }
    }

    @Test("plain http to another machine is for who asks for that, and nothing secret goes there")
    func plainToOthers() throws {
        let text = "http://web.shop.svc.cluster.local:8080/health?deep=1"
        #expect(throws: HTTPURL.Mistake.plaintext) { try HTTPURL(text) }
        let url = try HTTPURL(allowingPlain: text)
        #expect(url.allowsPlainHTTP && !url.isNear && url.appending("/a").isWellFormed)
        #expect(throws: HTTPURL.Mistake.user) { try HTTPURL(allowingPlain: "http://me:secret@shop/") }
        #expect(throws: HTTPURL.Mistake.form) { try HTTPURL(allowingPlain: "shop.svc") }
        let asked = HTTPRequest(.get, url, bearer: Secret("sk-or-v1-x"))
        CurlTransport().send([asked]) { _, result in
            #expect(throws: TransportError.self) { try result.get() }
            if case .failure(let error) = result { #expect(error.code == .invalid && !error.mayHaveArrived) }
        }
    }

    @Test(
        "nobody hides a host behind a user",
        arguments: [
            "http://localhost@evil/", "https://user@openrouter.ai/", "https://user:password@openrouter.ai/",
            "https://openrouter.ai@evil.example/", "https://openrouter.ai:443@evil.example/", "https://@h/",
            "https://a@b@c/",
        ])
    func user(text: String) {
        #expect(throws: HTTPURL.Mistake.user) { try HTTPURL(text) }
    }

    @Test(
        "what readers take apart in different ways is no address",
        arguments: [
            "", "openrouter.ai", "//openrouter.ai/", "/api", "ftp://h/", "file:///etc/passwd", "HTTPS://h/",
            "https:/h/",
            "https:h", "https://", "https:///h", "https://?x", "https://:443/", "https://h\\@evil/", "https://h\\evil/",
            "http://localhost\\.evil/", "https://h /", " https://h/", "https://h/ x", "https://h/\n", "https://h/\u{0}",
            "https://h/\t", "https://h/é",
            "https://é/", "https://h/#fragment", "https://h#@evil/", "https://h%2eevil/",
            "https://h%00/", "https://%6c/", "https://h:x/", "https://h:80:80/", "https://h:-1/", "https://h:+1/",
            "https://h:65536/", "https://h:99999/", "https://h:0/", "https://h:000080/", "https://[::1/", "https://[]/",
            "https://[::1]x/", "https://[::1%25eth0]/", "https://[evil]/", "https://h/<x>", "https://h/{x}",
            "https://h/|", "https://h/\"", "https://h,evil/", "https://h;evil/", "https://a&b/", "https://h$/",
        ])
    func form(text: String) {
        #expect(throws: HTTPURL.Mistake.form) { try HTTPURL(text) }
    }

    @Test(
        "a path and a query go to the end",
        arguments: [
            ("https://h", "/keys", [], "https://h/keys"), ("https://h", "keys", [], "https://h/keys"),
            ("https://h/v1", "/keys", [], "https://h/v1/keys"), ("https://h/v1/", "/keys", [], "https://h/v1/keys"),
            ("https://h/v1", "", [("q", "a b&c=d/é")], "https://h/v1?q=a%20b%26c%3Dd%2F%C3%A9"),
            ("https://h/v1", "/k", [("a", "1"), ("b", "~-._")], "https://h/v1/k?a=1&b=~-._"),
            ("https://h/v1", "/k?a=1", [("b", "\n")], "https://h/v1/k?a=1&b=%0A"),
        ] as [(String, String, [(String, String)], String)])
    func appending(base: String, path: String, query: [(String, String)], whole: String) throws {
        let url = try HTTPURL(base).appending(path, query: query)
        #expect(url.description == whole)
        #expect(try HTTPURL(url.description) == url)
    }

    @Test("no path changes the host", arguments: [".evil.example/", "@evil/", ":80@evil/", "evil"])
    func hostStays(path: String) throws {
        let url = try HTTPURL("https://h").appending(path)
        #expect(try HTTPURL(url.description).host == "h")
    }
}

import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_http

/// What a target may say of a service that no preset knows.
@Suite(.tags(.values)) struct DescriptionTests {
    private static let write = #""write": {"put": "/keys/main", "json": {"value": "{secret}"}}"#
    private static let base = #""url": "https://api.example.com/v1", "token": "TOKEN""#

    private static func description(_ text: String) throws -> ServiceDescription {
        let with = try #require(try JSONValue(parsing: "{\(text)}".utf8).object)
        return try ServiceDescription(with, with: with)
    }

    @Test(
        "a mistake is told with its place",
        arguments: [
            (#""token": "T", "# + write, "with.url", "'url' is missing"),
            (#""url": "http://api.example.com", "token": "T", "# + write, "with.url", "plain http"),
            (#""url": "https://a:b@api.example.com", "token": "T", "# + write, "with.url", "user name"),
            (#""url": "https://api.example.com?key=1", "token": "T", "# + write, "with.url", "not an https"),
            (#""url": "https://{app}.example.com", "app": "x/y", "token": "T", "# + write, "with.app", "letters"),
            (#""url": "https://api.example.com", "# + write, "with.token", "'token' is missing"),
            (
                #""url": "https://api.example.com", "token": "sk-live-0", "# + write, "with.token",
                "environment variable"
            ),
            (base + #", "basic": {"user": "a", "password": "P"}, "# + write, "with.token", "more than one"),
            (base, "with.write", "'write' is missing"),
            (base + #", "write": {"put": "/k", "json": {}}"#, "with.write", "no {secret}"),
            (base + #", "write": {"delete": "/k", "json": "{secret}"}"#, "with.write.delete", "no 'delete'"),
            (base + #", "write": {"put": "/k/{secret}", "json": "{secret}"}"#, "with.write", "may not be"),
            (base + #", "write": {"put": "/k?v={secret}", "json": "{secret}"}"#, "with.write", "may not be"),
            (base + #", "write": {"put": "/k", "jsn": "{secret}"}"#, "with.write.jsn", "did you mean json?"),
            (base + #", "write": {"put": "k", "json": "{secret}"}"#, "with.write", "one slash"),
            (base + #", "write": {"put": "/k", "json": "{secret}", "form": {}}"#, "with.write", "more than one body"),
            (
                base + #", "write": {"put": "/k", "json": "{secret}", "statuses": [302]}"#, "with.write.statuses",
                "never"
            ),
            (base + #", "write": {"put": "/{app}", "json": "{secret}"}"#, "with.app", "'app' is missing"),
            (base + #", "headers": {"Authorization": "x"}, "# + write, "with.headers", "Authorization"),
            (base + #", "read": {"get": "/k"}, "# + write, "with.read", "what it reads"),
            (base + #", "read": {"get": "/k", "at": "value"}, "# + write, "with.read.at", "JSON pointer"),
            (base + #", "read": {"get": "/k", "at": "/a", "sha256": "/b"}, "# + write, "with.read", "what it reads"),
            (
                base + #", "redeploy": {"post": "/d", "json": {"k": "{secret}"}}, "# + write, "with.redeploy",
                "may not be"
            ),
            (base + #", "redeploy": true, "# + write, "with.redeploy", "nothing says how"),
            (base + #", "redeploy": 7, "# + write, "with.redeploy", "none of true"),
            (
                base + #", "redeploy": {"post": "/d"}, "wait": {"get": "/d/{id}", "at": "/s", "until": "ok"}, "#
                    + write,
                "with.redeploy.id", "by its {id}"
            ),
            (base + #", "wait": {"get": "/d", "at": "/s"}, "# + write, "with.wait", "which one is awaited"),
            (base + #", "meanings": {"409": "busy"}, "# + write, "with.meanings", "a code for 409"),
        ])
    func mistakes(text: String, field: String, message: String) {
        let error = #expect(throws: PublisherError.self) { try Self.description(text) }
        #expect(error?.code == .configuration && error?.field == field, "\(error as Any)")
        #expect(error?.message.contains(message) == true, "\(error as Any)")
    }

    @Test(
        "a preset's mistakes are told with its words",
        arguments: [
            (#"{"preset": "rendr", "service": "srv-1", "name": "K"}"#, "with.preset", "did you mean render?"),
            (#"{"preset": "render", "name": "K"}"#, "with.service", "needs the setting service"),
            (#"{"preset": "render", "service": "web", "name": "K"}"#, "with.service", "is not valid for the preset"),
            (#"{"preset": "render", "service": "srv-1", "nam": "K"}"#, "with.nam", "did you mean name?"),
            (#"{"preset": "render", "service": "srv-1", "name": "K", "write": {}}"#, "with.write", "does not have"),
        ])
    func presets(text: String, field: String, message: String) throws {
        let with = try #require(try JSONValue(parsing: text.utf8).object)
        let publisher = HTTPPublisher(
            ServiceClients(DescribedService(), environment: [:], transport: PlatformFixture(.render)))
        let answer = publisher.ask(.check, PublisherRequest(.check, with, deadline: .distantFuture))
        #expect(answer.error?.field == field && answer.error?.message.contains(message) == true, "\(answer)")
    }

    @Test("placeholders stand for values, one that may be missing takes its member along, other braces stay")
    func templates() throws {
        let values = Values(["app": "shop", "number": 7, "flag": true])
        #expect(try Template("{app}-{number} {flag}").text(values) == "shop-7 true")
        #expect(try Template("{ app } {} {App} {app").text(values) == "{ app } {} {App} {app")
        #expect(try Template("{none?}").text(values) == nil)
        #expect(throws: PublisherError.self) { try Template("{none}").text(values) }
        let body = try JSONValue(parsing: #"{"{app}": ["{app}", 1], "left": "{none?}", "n": null}"#.utf8)
        #expect(try body.filled(values) == ["shop": ["shop", 1], "n": nil])
    }

    @Test(
        "a pointer finds what RFC 6901 says",
        arguments: [
            ("", #"{"a/b":[1,{"m~n":"x"}],"":2,"k":"v","0":3,"no":null}"#), ("/a~1b/0", "1"), ("/a~1b/1/m~0n", #""x""#),
            ("/", "2"), ("/{key}", #""v""#), ("/a~1b/01", nil), ("/a~1b/-1", nil), ("/a~1b/2", nil), ("/0", "3"),
            ("/no", nil), ("/k/x", nil),
        ] as [(String, String?)])
    func pointers(text: String, found: String?) throws {
        let document = try JSONValue(parsing: #"{"a/b":[1,{"m~n":"x"}],"":2,"k":"v","0":3,"no":null}"#.utf8)
        let pointer = try #require(Pointer(text))
        #expect(try pointer.value(in: document, Values(["key": "k"]))?.text() == found)
    }

    @Test("what is no pointer is none", arguments: ["a", "/~", "/~2", "#/a"])
    func noPointers(text: String) { #expect(Pointer(text) == nil) }

    @Test("two requests that differ only in their body are two places")
    func identity() throws {
        func identity(_ name: String) throws -> String {
            try Self.description(
                Self.base + #", "name": "\#(name)", "write": {"post": "/q", "json": {"n": "{name}", "v": "{secret}"}}"#
            ).identity
        }
        #expect(try identity("A") != identity("B") && identity("A") == identity("A"))
    }
}

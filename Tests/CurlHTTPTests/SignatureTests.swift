import CurlHTTP
import HTTP
import Secrets
import TestSupport
import Testing

/// Requests signed for AWS, and credentials in fields of their own. AWSTests hold the signature to botocore's.
@Suite("Signatures and credentials in fields", .tags(.servers))
struct SignatureTests {
    private static func key(
        id: String = "AKIAEXAMPLE", secret: String = "secret/key+", token: String? = "token",
        region: String = "eu-west-1"
    ) -> HTTPAuthorization {
        .awsSignature(
            AWSSigningKey(
                accessKeyID: id, secretAccessKey: Secret(secret), sessionToken: token.map { Secret($0) },
                region: region, service: "ssm"))
    }

    @Test("what is signed is what is sent, and the secret is not")
    func signs() async throws {
        let server = try LoopbackServer { _, connection in connection.respond(200) }
        let request = HTTPRequest(
            .post, try HTTPURL("http://127.0.0.1:\(server.port)/"), headers: [("X-Amz-Target", "A.B")],
            authorization: Self.key(), body: Array("{}".utf8))
        _ = try await CurlTransport(policy: .once).answer(request)
        let message = try #require(server.requests.first).message
        let authorization = try #require(message[header: "authorization"])
        #expect(authorization.hasPrefix("AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/"))
        #expect(authorization.contains("/eu-west-1/ssm/aws4_request, SignedHeaders="))
        #expect(message[header: "x-amz-security-token"] == "token")
        let signed = authorization.split(separator: "SignedHeaders=").last?.prefix { $0 != "," }.split(separator: ";")
        #expect(signed?.allSatisfy { message[header: String($0)] != nil } == true, "\(signed ?? [])")
        #expect(signed?.contains("x-amz-security-token") == true && signed?.contains("x-amz-target") == true)
        #expect(!String(decoding: message.raw, as: UTF8.self).contains("secret/key+"))
    }

    @Test(
        "what libcurl would sign wrong is not sent",
        arguments: [
            (HTTPRequest.Method.get, "/", nil), (.put, "/", "{}"), (.post, "/a", "{}"), (.post, "/?a=b", "{}"),
            (.post, "?a=b", "{}"), (.post, "", "{}"), (.post, "/", nil),
        ] as [(HTTPRequest.Method, String, String?)])
    func refuses(method: HTTPRequest.Method, path: String, body: String?) async throws {
        let server = try LoopbackServer { _, connection in connection.respond(200) }
        let error = try await CurlTransport(policy: .once).failure(
            HTTPRequest(
                method, try HTTPURL("http://127.0.0.1:\(server.port)\(path)"), authorization: Self.key(),
                body: body.map { Array($0.utf8) }))
        #expect(error?.code == .invalid && error?.mayHaveArrived == false)
        #expect(server.connections == 0)
    }

    @Test(
        "a key that cannot be sent as it is is refused",
        arguments: [
            key(id: ""), key(id: "AKIA:x"), key(id: "AKIA/x"), key(secret: ""), key(secret: "a b"), key(secret: "a\n"),
            key(token: "a\r\nX: y"), key(region: ""), key(region: "a:b"), key(region: "a/b"),
            .field("X-A\n", Secret("t")),
            .field("", Secret("t")), .field("X-Token", Secret("t\r\nX: y")), .scheme("", Secret("t")),
            .scheme("Basic x", Secret("t")), .scheme("Basic", Secret("t t")),
        ])
    func refusesKeys(authorization: HTTPAuthorization) async throws {
        let server = try LoopbackServer { _, connection in connection.respond(200) }
        let error = try await CurlTransport(policy: .once).failure(
            HTTPRequest(
                .post, try HTTPURL("http://127.0.0.1:\(server.port)/"), authorization: authorization, body: [0x7B]))
        #expect(error?.code == .invalid)
        #expect(server.connections == 0)
    }

    @Test("a credential goes out in the field that is named", arguments: ["Authorization", "X-aws-ec2-metadata-token"])
    func field(name: String) async throws {
        let server = try LoopbackServer { _, connection in connection.respond(200) }
        _ = try await CurlTransport(policy: .once).answer(
            HTTPRequest(
                .get, try HTTPURL("http://127.0.0.1:\(server.port)/"),
                authorization: .field(name, Secret("plain-token"))))
        #expect(server.requests.first?.message[header: name.lowercased()] == "plain-token")
    }

    @Test("a credential of another scheme goes out behind its name")
    func scheme() async throws {
        let server = try LoopbackServer { _, connection in connection.respond(200) }
        _ = try await CurlTransport(policy: .once).answer(
            HTTPRequest(
                .get, try HTTPURL("http://127.0.0.1:\(server.port)/"),
                authorization: .scheme("Basic", Secret("dTpw"))))
        #expect(server.requests.first?.message[header: "authorization"] == "Basic dTpw")
    }
}

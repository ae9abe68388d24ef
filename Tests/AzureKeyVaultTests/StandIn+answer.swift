import FoundationEssentials
import HTTP
import JSON
import SandboxWire
import Secrets

extension StandIn {
    mutating func answer(_ request: HTTPRequest, at now: Date) -> HTTPResponse {
        let target = RequestTarget(request)
        switch request.url.host {
        case "token.actions.example":
            guard request.bearer == Secret(runnerToken) else { return HTTPResponse(401, nil, at: now) }
            audiences.append(target.value("audience") ?? "")
            return HTTPResponse(200, ["value": .string(identity)], at: now)
        case "169.254.169.254", "169.254.129.3", "127.0.0.1": return identityToken(request, target, at: now)
        case let host where host.hasPrefix("login."): return login(request, target, at: now)
        case let host where host.hasPrefix(vault): return answerAsVault(request, target, at: now)
        default: return HTTPResponse(404, nil, at: now)
        }
    }

    // MARK: Microsoft Entra ID

    private mutating func login(_ request: HTTPRequest, _ target: RequestTarget, at now: Date) -> HTTPResponse {
        if request.method == .get, target.segments == [tenant, "v2.0", ".well-known", "openid-configuration"] {
            let root = "https://login.microsoftonline.com/\(tenant)"
            return HTTPResponse(
                200,
                [
                    "authorization_endpoint": .string("\(root)/oauth2/v2.0/authorize"),
                    "token_endpoint": .string("\(root)/oauth2/v2.0/token"), "issuer": .string("\(root)/v2.0"),
                ], at: now)
        }
        guard request.method == .post, target.segments == [tenant, "oauth2", "v2.0", "token"] else {
            return refusal(90002, "Tenant '\(target.segments.first ?? "")' not found. Check", at: now)
        }
        if let loginError { return refusal(loginError.code, loginError.text, at: now) }
        var form = URLComponents()
        form.percentEncodedQuery = String(decoding: request.body ?? [], as: UTF8.self).replacing("+", with: "%20")
        func field(_ name: String) -> String? { form.queryItems?.first { $0.name == name }?.value }
        guard field("client_id") == clientID else {
            return refusal(700016, "Application with identifier '\(field("client_id") ?? "")' was not found", at: now)
        }
        guard field("grant_type") == "client_credentials" else { return refusal(70003, "unsupported grant", at: now) }
        if let assertion = field("client_assertion") {
            let type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            guard assertion == identity, field("client_assertion_type") == type else {
                return refusal(700213, "No matching federated identity record found for presented assertion", at: now)
            }
        } else if field("client_secret") != clientSecret {
            return refusal(
                7_000_215, "Invalid client secret provided. Ensure the secret being sent is the value", at: now)
        }
        let token = "azure_token_\(number())_0123456789abcdef"
        tokens[token] = (now.addingTimeInterval(Double(lifetime)), field("scope") ?? "")
        return HTTPResponse(
            200,
            [
                "token_type": "Bearer", "expires_in": .number(JSONNumber(lifetime)),
                "ext_expires_in": .number(JSONNumber(lifetime)), "access_token": .string(token),
            ], at: now)
    }

    private func refusal(_ code: Int, _ text: String, at now: Date) -> HTTPResponse {
        HTTPResponse(
            code == 7_000_215 ? 401 : 400,
            [
                "error": "invalid_client",
                "error_description": .string("AADSTS\(code): \(text). Trace ID: 4a Correlation ID: 4b Timestamp: 4c"),
                "error_codes": [.number(JSONNumber(code))], "trace_id": "4a", "correlation_id": "4b",
            ], at: now)
    }

    // MARK: The vault

    private mutating func answerAsVault(
        _ request: HTTPRequest, _ target: RequestTarget, at now: Date
    ) -> HTTPResponse {
        let token = request.bearer?.revealed().flatMap { tokens[$0] }
        guard let token, token.end > now, token.scope == "\(resource)/.default" else { return challenge(at: now) }
        guard target.value("api-version") != nil else {
            return error(400, "BadParameter", "api-version missing", at: now)
        }
        if let shut { return error(403, "Forbidden", "Not from here", inner: shut, at: now) }
        let path = target.segments
        guard path.count >= 2 else { return error(404, "NotFound", "no such path", at: now) }
        switch (request.method, path[0], path.count) {
        case (.get, "deletedsecrets", 2):
            return allowed("get", at: now)
                ?? (deleted[path[1]] == nil
                    ? missing(path[1], at: now) : HTTPResponse(200, ["recoveryId": "r"], at: now))
        case (.get, "secrets", 3) where path[2] == "versions":
            return allowed("list", at: now) ?? list(path[1], target, at: now)
        case (.get, "secrets", 2...3): return allowed("get", at: now) ?? show(path, at: now)
        case (.put, "secrets", 2):
            return allowed("set", at: now)
                ?? set(path[1], (request.body.flatMap { try? JSONValue(parsing: $0) })?.object, at: now)
        default: return error(405, "MethodNotAllowed", "no such method", at: now)
        }
    }

    private func show(_ path: [String], at now: Date) -> HTTPResponse {
        let versions = secrets[path[1]] ?? []
        let found = path.count == 2 ? versions.last : versions.first { $0.id == path[2] }
        guard let found else { return missing(path[1], at: now) }
        guard found.enabled else {
            return error(
                403, "Forbidden", "Operation get is not allowed on a disabled secret.", inner: "SecretDisabled", at: now
            )
        }
        return HTTPResponse(200, bundle(found, of: path[1]), at: now)
    }

    private mutating func set(_ name: String, _ body: JSONObject?, at now: Date) -> HTTPResponse {
        guard let body, let value = body["value"]?.string,
            Set(body.keys).isSubset(of: ["value", "tags", "contentType", "attributes"])
        else { return error(400, "BadParameter", "The request body has no value", at: now) }
        guard deleted[name] == nil else {
            return error(
                409, "Conflict",
                "Secret \(name) is currently in a deleted but recoverable state, and its name cannot be reused",
                inner: "ObjectIsDeletedButRecoverable", at: now)
        }
        let attributes = body["attributes"]
        add(
            name, value, contentType: body["contentType"]?.string, tags: body["tags"]?.object,
            nbf: attributes?["nbf"]?.integer, exp: attributes?["exp"]?.integer, at: now)
        if let enabled = attributes?["enabled"]?.bool { change(name) { $0.enabled = enabled } }
        guard let made = current(name) else { return missing(name, at: now) }
        return HTTPResponse(200, bundle(made, of: name), at: now)
    }

    private func list(_ name: String, _ target: RequestTarget, at now: Date) -> HTTPResponse {
        let versions = secrets[name] ?? []
        guard !versions.isEmpty else { return missing(name, at: now) }
        let from = target.value("$skiptoken").flatMap { Int($0) } ?? 0
        let page = versions.dropFirst(from).prefix(min(pageSize, target.value("maxresults").flatMap { Int($0) } ?? 25))
        let items = page.map { version in
            var item = bundle(version, of: name).object ?? [:]
            item["value"] = JSONValue?.none
            return JSONValue.object(item)
        }
        let next = from + page.count
        // Azure's links name the port.
        let link = "https://\(vault).vault.azure.net:443/secrets/\(name)/versions?api-version=7.4&$skiptoken=\(next)"
        return HTTPResponse(
            200, ["value": .array(items), "nextLink": next < versions.count ? .string(link) : .null], at: now)
    }

    private func bundle(_ version: Version, of name: String) -> JSONValue {
        var attributes: JSONObject = [
            "enabled": .bool(version.enabled), "created": .number(JSONNumber(version.created)),
            "updated": .number(JSONNumber(version.created)), "recoveryLevel": "Recoverable+Purgeable",
            "recoverableDays": 90,
        ]
        attributes["nbf"] = version.nbf.map { .number(JSONNumber($0)) }
        attributes["exp"] = version.exp.map { .number(JSONNumber($0)) }
        var bundle: JSONObject = [
            "value": .string(version.value),
            "id": .string("https://\(vault).vault.azure.net/secrets/\(name)/\(version.id)"),
            "attributes": .object(attributes),
        ]
        bundle["contentType"] = version.contentType.map { .string($0) }
        bundle["tags"] = version.tags.map { .object($0) }
        if version.isManaged { bundle["managed"] = true }
        return .object(bundle)
    }

    private func allowed(_ permission: String, at now: Date) -> HTTPResponse? {
        guard !allowed.contains(permission) else { return nil }
        switch model {
        case .roles:
            return error(
                403, "Forbidden",
                "Caller is not authorized to perform action on resource.\r\nAction: 'Microsoft.KeyVault/vaults/secrets'",
                inner: "ForbiddenByRbac", at: now)
        case .policies:
            return error(
                403, "Forbidden", "The application does not have secrets \(permission) permission on key vault",
                inner: "AccessDenied", at: now)
        }
    }

    private func missing(_ name: String, at now: Date) -> HTTPResponse {
        error(404, "SecretNotFound", "A secret with (name/id) \(name) was not found in this key vault.", at: now)
    }

    private func challenge(at now: Date) -> HTTPResponse {
        var response = error(401, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.", at: now)
        let words = #"Bearer authorization="https://login.microsoftonline.com/\#(tenant)", resource="\#(resource)""#
        response.headers.append(("www-authenticate", words))
        return response
    }

    private func error(
        _ status: Int, _ code: String, _ message: String, inner: String? = nil, at now: Date
    ) -> HTTPResponse {
        var error: JSONObject = ["code": .string(code), "message": .string(message)]
        if let inner { error["innererror"] = ["code": .string(inner)] }
        return HTTPResponse(status, ["error": .object(error)], at: now)
    }
}

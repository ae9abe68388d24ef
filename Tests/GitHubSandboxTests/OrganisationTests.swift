import GitHubSandbox
import HTTP
import JSON
import Secrets
import TestSupport
import Testing

@Suite(.tags(.values)) struct OrganisationTests {
    private var fixture = GitHubSandboxFixture()

    private func ids(_ ids: Int...) -> JSONValue { .array(ids.map { .number(JSONNumber($0)) }) }

    private mutating func chosen(_ list: String) throws -> [Int] {
        let rows = try fixture.ask(.get, list + "/KEY/repositories")[member: "repositories"]?.array
        return try #require(rows).compactMap { $0["id"]?.integer }.sorted()
    }

    @Test(
        "writing without the chosen repositories empties the list",
        arguments: ["actions", "dependabot", "codespaces"])
    mutating func trap(store: String) throws {
        let list = "/orgs/acme/\(store)/secrets"
        let choice: JSONObject = ["visibility": "selected", "selected_repository_ids": ids(fixture.web, fixture.open)]
        #expect(try fixture.put("KEY", "x", to: list, choice).status == 201)
        #expect(try chosen(list) == [fixture.web, fixture.open].sorted())
        #expect(try fixture.put("KEY", "x", to: list, choice).status == 204)
        #expect(try chosen(list) == [fixture.web, fixture.open].sorted())
        #expect(try fixture.put("KEY", "x", to: list, ["visibility": "selected"]).status == 204)
        #expect(try chosen(list) == [])
    }

    @Test("visibility must be said each time", arguments: ["actions", "dependabot", "codespaces"])
    mutating func visibility(store: String) throws {
        let list = "/orgs/acme/\(store)/secrets"
        let missing = try fixture.put("KEY", "x", to: list)
        #expect(missing.status == 422)
        #expect(missing.message == "Invalid request.\n\n\"visibility\" wasn't supplied.")
        #expect(try fixture.put("KEY", "x", to: list, ["visibility": "some"]).status == 422)
        let choice: JSONObject = ["visibility": "all", "selected_repository_ids": ids(fixture.web)]
        #expect(try fixture.put("KEY", "x", to: list, choice).status == 422)
        let unknown: JSONObject = ["visibility": "selected", "selected_repository_ids": ids(1)]
        #expect(try fixture.put("KEY", "x", to: list, unknown).status == 422)
        #expect(try fixture.ask(.get, list)[member: "total_count"] == 0)
    }

    @Test("only Dependabot takes ids in text", arguments: [("actions", 422), ("dependabot", 201), ("codespaces", 422)])
    mutating func texts(store: String, status: Int) throws {
        let ids: JSONValue = [.string(String(fixture.web))]
        let choice: JSONObject = ["visibility": "selected", "selected_repository_ids": ids]
        #expect(try fixture.put("KEY", "x", to: "/orgs/acme/\(store)/secrets", choice).status == status)
    }

    @Test(
        "the chosen repositories are set, added to and taken from",
        arguments: ["actions/secrets", "dependabot/secrets", "codespaces/secrets", "actions/variables"])
    mutating func selection(family: String) throws {
        let list = "/orgs/acme/" + family
        if family.hasSuffix("secrets") {
            #expect(try fixture.put("KEY", "x", to: list, ["visibility": "selected"]).status == 201)
        } else {
            let body: JSONValue = ["name": "KEY", "value": "x", "visibility": "selected"]
            #expect(try fixture.ask(.post, list, body).status == 201)
        }
        let url = try fixture.ask(.get, list + "/KEY")[member: "selected_repositories_url"]?.string
        #expect(url == "http://127.0.0.1:8899/github\(list)/KEY/repositories")
        #expect(try fixture.ask(.put, list + "/KEY/repositories/\(fixture.web)").status == 204)
        #expect(try chosen(list) == [fixture.web])
        let both: JSONValue = ["selected_repository_ids": ids(fixture.web, fixture.open)]
        #expect(try fixture.ask(.put, list + "/KEY/repositories", both).status == 204)
        #expect(try chosen(list) == [fixture.web, fixture.open].sorted())
        #expect(try fixture.ask(.delete, list + "/KEY/repositories/\(fixture.web)").status == 204)
        #expect(try chosen(list) == [fixture.open])
        #expect(try fixture.ask(.put, list + "/KEY/repositories/1").status == 422)
        #expect(try fixture.ask(.put, list + "/KEY/repositories", [:]).status == 422)
        #expect(try fixture.ask(.get, list + "/OTHER/repositories").status == 404)
    }

    @Test mutating func aSecretForAllHasNoChosenRepositories() throws {
        let list = "/orgs/acme/actions/secrets"
        #expect(try fixture.put("KEY", "x", to: list, ["visibility": "private"]).status == 201)
        for method in [HTTPRequest.Method.put, .delete] {
            #expect(try fixture.ask(method, list + "/KEY/repositories/\(fixture.web)").status == 409)
        }
        let body: JSONValue = ["selected_repository_ids": ids(fixture.web)]
        #expect(try fixture.ask(.put, list + "/KEY/repositories", body).status == 409)
    }

    @Test mutating func anOrganisationThatIsNotThereIsNotFound() throws {
        #expect(try fixture.ask(.get, "/orgs/acme")[member: "login"] == "acme")
        for path in ["/orgs/nobody", "/orgs/nobody/actions/secrets", "/orgs/nobody/actions/secrets/public-key"] {
            #expect(try fixture.ask(.get, path).status == 404)
        }
    }
}

import GitHubSandbox
import HTTP
import JSON
import Secrets
import TestSupport
import Testing

@Suite(.tags(.values)) struct OrganisationTests {
    private var world = World()

    private func ids(_ ids: Int...) -> JSONValue { .array(ids.map { .number(JSONNumber($0)) }) }

    private mutating func chosen(_ list: String) throws -> [Int] {
        let rows = try world.ask(.get, list + "/KEY/repositories")[member: "repositories"]?.array
        return try #require(rows).compactMap { $0["id"]?.integer }.sorted()
    }

    @Test(
        "writing without the chosen repositories empties the list",
        arguments: ["actions", "dependabot", "codespaces"])
    mutating func trap(store: String) throws {
        let list = "/orgs/acme/\(store)/secrets"
        let choice: JSONObject = ["visibility": "selected", "selected_repository_ids": ids(world.web, world.open)]
        #expect(try world.put("KEY", "x", to: list, choice).status == 201)
        #expect(try chosen(list) == [world.web, world.open].sorted())
        #expect(try world.put("KEY", "x", to: list, choice).status == 204)
        #expect(try chosen(list) == [world.web, world.open].sorted())
        #expect(try world.put("KEY", "x", to: list, ["visibility": "selected"]).status == 204)
        #expect(try chosen(list) == [])
    }

    @Test("visibility must be said each time", arguments: ["actions", "dependabot", "codespaces"])
    mutating func visibility(store: String) throws {
        let list = "/orgs/acme/\(store)/secrets"
        let missing = try world.put("KEY", "x", to: list)
        #expect(missing.status == 422)
        #expect(missing.message == "Invalid request.\n\n\"visibility\" wasn't supplied.")
        #expect(try world.put("KEY", "x", to: list, ["visibility": "some"]).status == 422)
        let choice: JSONObject = ["visibility": "all", "selected_repository_ids": ids(world.web)]
        #expect(try world.put("KEY", "x", to: list, choice).status == 422)
        let unknown: JSONObject = ["visibility": "selected", "selected_repository_ids": ids(1)]
        #expect(try world.put("KEY", "x", to: list, unknown).status == 422)
        #expect(try world.ask(.get, list)[member: "total_count"] == 0)
    }

    @Test("only Dependabot takes ids in text", arguments: [("actions", 422), ("dependabot", 201), ("codespaces", 422)])
    mutating func texts(store: String, status: Int) throws {
        let ids: JSONValue = [.string(String(world.web))]
        let choice: JSONObject = ["visibility": "selected", "selected_repository_ids": ids]
        #expect(try world.put("KEY", "x", to: "/orgs/acme/\(store)/secrets", choice).status == status)
    }

    @Test(
        "the chosen repositories are set, added to and taken from",
        arguments: ["actions/secrets", "dependabot/secrets", "codespaces/secrets", "actions/variables"])
    mutating func selection(family: String) throws {
        let list = "/orgs/acme/" + family
        if family.hasSuffix("secrets") {
            #expect(try world.put("KEY", "x", to: list, ["visibility": "selected"]).status == 201)
        } else {
            let body: JSONValue = ["name": "KEY", "value": "x", "visibility": "selected"]
            #expect(try world.ask(.post, list, body).status == 201)
        }
        let url = try world.ask(.get, list + "/KEY")[member: "selected_repositories_url"]?.string
        #expect(url == "http://127.0.0.1:8899/github\(list)/KEY/repositories")
        #expect(try world.ask(.put, list + "/KEY/repositories/\(world.web)").status == 204)
        #expect(try chosen(list) == [world.web])
        let both: JSONValue = ["selected_repository_ids": ids(world.web, world.open)]
        #expect(try world.ask(.put, list + "/KEY/repositories", both).status == 204)
        #expect(try chosen(list) == [world.web, world.open].sorted())
        #expect(try world.ask(.delete, list + "/KEY/repositories/\(world.web)").status == 204)
        #expect(try chosen(list) == [world.open])
        #expect(try world.ask(.put, list + "/KEY/repositories/1").status == 422)
        #expect(try world.ask(.put, list + "/KEY/repositories", [:]).status == 422)
        #expect(try world.ask(.get, list + "/OTHER/repositories").status == 404)
    }

    @Test mutating func aSecretForAllHasNoChosenRepositories() throws {
        let list = "/orgs/acme/actions/secrets"
        #expect(try world.put("KEY", "x", to: list, ["visibility": "private"]).status == 201)
        for method in [HTTPRequest.Method.put, .delete] {
            #expect(try world.ask(method, list + "/KEY/repositories/\(world.web)").status == 409)
        }
        let body: JSONValue = ["selected_repository_ids": ids(world.web)]
        #expect(try world.ask(.put, list + "/KEY/repositories", body).status == 409)
    }

    @Test mutating func anOrganisationThatIsNotThereIsNotFound() throws {
        #expect(try world.ask(.get, "/orgs/acme")[member: "login"] == "acme")
        for path in ["/orgs/nobody", "/orgs/nobody/actions/secrets", "/orgs/nobody/actions/secrets/public-key"] {
            #expect(try world.ask(.get, path).status == 404)
        }
    }
}

import TestSupport
import Testing

@Suite("The recipes, as the published schemas of their systems see them", .tags(.pipelines))
struct RecipeSchemaTests {
    private func check(_ tool: String, _ arguments: [String]) async throws {
        let outcome = try await Place.run(Place.tool(tool), arguments)
        #expect(outcome.succeeded, "\(outcome.output)")
    }

    @Test(arguments: [(Recipe.bitbucket, "vendor.bitbucket-pipelines"), (.circleci, "vendor.circle-ci")])
    func holdsFor(recipe: Recipe, schema: String) async throws {
        try await check("check-jsonschema", ["--builtin-schema", schema, recipe.file])
    }

    @Test(arguments: ["azure-pipelines.yml", "ork-step.yml"])
    func holdsForAzure(file: String) async throws {
        let path = "\(BuiltProduct.repository)/ci-templates/azure/\(file)"
        let seen = try await Place.run(
            Python.interpreter(), ["-B", Python.file("Python/recipes/azure_schema.py"), path])
        try #require(seen.succeeded, "\(seen.output)")
        let folder = try TemporaryDirectory()
        try await check(
            "check-jsonschema",
            [
                "--builtin-schema", "vendor.azure-pipelines", "--regex-variant", "nonunicode",
                folder.write(seen.output, to: "pipeline.json"),
            ])
    }

    @Test func holdsForKubernetes() async throws {
        try await check("kubernetes-validate", ["-k", "1.37", "--strict", Recipe.kubernetes.file])
        try await check("python", ["-B", Python.file("Python/recipes/pod_security.py"), Recipe.kubernetes.file])
    }
}

import HTTP
import JSON
import Secrets
import TestSupport
import Testing

/// The publisher for Kubernetes, as `ork-conform` sees it, with curl as the reader.
@Suite(.serialized, .tags(.servers)) struct KubernetesConformTests {
    @Test(
        "ork-publisher-kubernetes-secret keeps the contract, with a restart and without",
        arguments: [[], ["restart=deployment/web"]])
    func contract(settings: [String]) async throws {
        let sandbox = try SandboxProcess()
        _ = try sandbox.control(.post, "kubernetes/workloads", ["resource": "deployments", "name": "web"])
        _ = try sandbox.control(.post, "kubernetes/settings", ["pace": 0])
        let reader = """
            curl -fsS -H "Authorization: Bearer $KUBE_TOKEN" \
                \(sandbox.kubernetes.url)/api/v1/namespaces/default/secrets/app | jq -r '.data.KEY | @base64d'
            """
        let lines = try await Conform.run(
            "ork-publisher-kubernetes-secret",
            with: ["url=\(sandbox.kubernetes.url)", "namespace=default", "secret=app", "key=KEY"] + settings,
            environment: ["KUBE_TOKEN": sandbox.kubernetes.token.revealed() ?? ""], command: reader)
        #expect(lines.last == "23 passed, 0 failed, 1 skipped", "\(lines)")
    }
}

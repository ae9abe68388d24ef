package import OpenRouter
import Rotation

/// An account at OpenRouter, as its management key opens it. Every error is a step's.
package struct ManagedAccount {
    package let api: ManagementAPI
    package let client: OpenRouterClient

    package init(api: ManagementAPI, client: OpenRouterClient) {
        self.api = api
        self.client = client
    }

    /// Makes one call and waits for its answer.
    package func send<Answer>(
        _ call: (ManagementAPI) -> APICall<Answer>
    ) throws(StepError) -> Dated<Answer> {
        do { return try client.send(call(api)) } catch { throw StepError(error) }
    }

    /// All keys of a workspace, disabled and expired ones too, and OpenRouter's clock.
    package func keys(in workspace: String?) throws(StepError) -> Dated<[Key]> {
        do { return try client.allKeys(api, workspace: workspace) } catch { throw StepError(error) }
    }

    /// The same, where the first page was read in a batch with other things.
    package func keys(in workspace: String?, from firstPage: [Key]) throws(StepError) -> [Key] {
        do { return try client.allKeys(api, workspace: workspace, from: firstPage) } catch { throw StepError(error) }
    }

    /// All keys of several workspaces, and OpenRouter's clock. `nil` is the default workspace.
    package func keys(in workspaces: Set<String?>) throws(StepError) -> Dated<[String?: [Key]]> {
        do { return try client.allKeys(api, workspaces: workspaces) } catch { throw StepError(error) }
    }
}

extension Result where Failure == OpenRouterError {
    /// The answer of one call of a batch.
    package func answer() throws(StepError) -> Success {
        do { return try get() } catch { throw StepError(error) }
    }
}

extension OpenRouterClient {
    /// All keys of a workspace, and the provider's clock at the first page. OpenRouter tells no total: a page
    /// that is not full is the last one.
    package func allKeys(_ api: ManagementAPI, workspace: String?) throws(OpenRouterError) -> Dated<[Key]> {
        let first = try send(api.listKeys(workspace: workspace))
        return Dated(value: try allKeys(api, workspace: workspace, from: first.value), date: first.date)
    }

    /// All keys of a workspace of which the first page was read already, with other things in one batch.
    package func allKeys(
        _ api: ManagementAPI, workspace: String?, from first: [Key]
    ) throws(OpenRouterError) -> [Key] {
        var keys = first
        var page = first
        while page.count == ManagementAPI.pageSize {
            page = try send(api.listKeys(workspace: workspace, offset: keys.count)).value
            keys += page
        }
        return keys
    }
}

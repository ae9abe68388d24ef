import JSON
import PublisherKit

/// A described service, as its client sees it.
struct DescribedService: Service {
    let name: String
    let credential: String
    let headers: [(name: String, value: String)]
    // The description has the address itself.
    let addressVariable = ""
    let standardAddress = "https://api.example.com/v1"

    init(_ description: ServiceDescription) {
        name = description.title
        credential = description.credential.variable
        headers = description.headers
    }

    /// For what needs no description.
    init() {
        (name, credential, headers) = ("the service", "", [])
    }

    /// The text at `message` and its like, or what the entries of `errors` or `messages` say: GraphQL (specification, §7.1.2)
    /// and many others have lists.
    func words(in body: JSONValue) -> String? {
        let list = body["errors"]?.array ?? body["messages"]?.array ?? []
        let words = list.prefix(3).compactMap { entry -> String? in
            let code = entry["code"]?.integer.map { "\($0): " } ?? ""
            return (entry.string ?? entry["message"]?.string).map { code + $0 }
        }
        if !words.isEmpty { return words.joined(separator: "; ") }
        guard let said = body["message"] ?? body["error_description"] ?? body["error"] else { return nil }
        return said.string ?? said["message"]?.string
    }
}

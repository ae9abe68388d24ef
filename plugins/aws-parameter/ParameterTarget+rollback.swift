import AWS
import JSON
import PublisherKit
import Secrets

extension ParameterTarget {
    /// Writes the earlier key as a new version.
    func rollback(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        try publish(try earlierKey(request), request)
    }

    /// The key that came along, or the one in the newest version of the parameter's history that has it.
    private func earlierKey(_ request: PublisherRequest) throws(ServiceError) -> Secret {
        if let secret = request.secret { return secret }
        if let version = try read() {
            // What may not be written is told as such before anything is looked for.
            _ = try settings.text.judge(version.text, request, of: settings.thing, setting: "name")
            let texts = [version.text] + (try history())
            for text in texts {
                if let key = settings.text.earlierKey(in: text, request.digest, of: settings.thing) { return key }
            }
        }
        throw ServiceError(
            PublisherError(
                .notFound,
                "the earlier key of \(settings.thing) is not known: no version in the parameter's history holds it",
                hint: "write it there by hand if somebody has it", field: "with.name"))
    }

    /// The texts of all versions, the newest first.
    private func history() throws(ServiceError) -> [Secret] {
        var texts: [Secret] = []
        var body: JSONObject = ["Name": .string(settings.name), "WithDecryption": true, "MaxResults": 50]
        // 100 versions at most, the oldest first (API_GetParameterHistory); a page may be empty.
        for _ in 1...100 {
            let answer = try send("GetParameterHistory", body, to: "read the history of").object()
            texts += try answer.list("Parameters").compactMap { $0["Value"]?.string.map { Secret($0) } }
            guard let next = answer["NextToken"]?.string, !next.isEmpty else { break }
            body["NextToken"] = .string(next)
        }
        return texts.reversed()
    }
}

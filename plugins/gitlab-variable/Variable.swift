import JSON
import Secrets
import ServiceClient
import Sodium

/// A variable as GitLab shows it (lib/api/entities/ci/variable.rb). Its value is kept as a digest only.
struct Variable {
    /// What it holds, as far as GitLab lets it be seen.
    enum Content: Equatable {
        case nothing
        /// Something that GitLab shows to nobody.
        case hidden
        case value(Digest)
    }

    let content: Content
    let environmentScope: String
    private let object: AnswerObject

    init(_ answer: ServiceAnswer) throws(ServiceError) {
        object = try answer.object()
        // GitLab's older than 17.4 do not know hidden variables, and the instance has no environments.
        let isHidden = object["hidden"] == true
        if object["value"] == .null, isHidden {
            content = .hidden
        } else {
            let value = Secret(object["value"] == .null ? "" : try object.text("value"))
            content = value.count == 0 ? .nothing : .value(Digest(of: value))
        }
        environmentScope = object["environment_scope"]?.string ?? "*"
    }

    var isHidden: Bool { content == .hidden }

    /// What differs from the wishes that the settings spell out, for people.
    func differences(from wishes: [(name: String, value: String)]) -> String? {
        let differences = wishes.compactMap { name, wish -> String? in
            guard let held = object[name].flatMap({ $0.string ?? $0.bool.map { "\($0)" } }), held != wish else {
                return nil
            }
            return "\(name) is \(held), not \(wish)"
        }
        return differences.isEmpty ? nil : "left as it is: " + differences.joined(separator: ", ")
    }
}

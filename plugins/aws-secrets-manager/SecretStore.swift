import AWS
import PublisherKit

/// AWS Secrets Manager's API, version 2017-10-17.
struct SecretStore: AWSService {
    let name = "AWS Secrets Manager"
    let prefix = "secretsmanager"
    let target = "secretsmanager"
    let policyPrefix = "secretsmanager"
    let addressVariable = "AWS_ENDPOINT_URL_SECRETS_MANAGER"

    /// Its API reference names the errors of each operation.
    func explain(_ reason: String, _ refusal: ServiceAnswer, to call: ServiceCall) -> PublisherError? {
        let words = refusal.words.map { ": \($0)" } ?? ""
        switch reason {
        case "ResourceNotFoundException":
            return PublisherError(
                .notFound, "\(name) has nothing there to \(call.purpose)\(words)",
                hint: "check whether the name, the region and the account are right", field: call.field)
        case "InvalidRequestException" where refusal.says("delet"):
            return PublisherError(
                .notFound, "the secret is scheduled for deletion: \(name) does not \(call.purpose)",
                hint: "take it back with aws secretsmanager restore-secret, or write to another", field: call.field)
        case "InvalidRequestException" where refusal.says("replica"),
            "InvalidParameterException" where refusal.says("replica"):
            return PublisherError(
                .configuration, "the secret is a replica of another region's, which only reads",
                hint: "write to the primary one: set its region", field: "with.region")
        case "InvalidRequestException":
            return PublisherError(
                .conflict, "\(name) refuses to \(call.purpose) now\(words)",
                hint: "look at the secret's state: who owns it, and whether a rotation is under way",
                field: call.field)
        case "ResourceExistsException":
            return PublisherError(
                .conflict, "\(name) refuses to \(call.purpose): that is there already with another content",
                hint: "look who else writes there, and run the step again", field: call.field)
        case "DecryptionFailure", "EncryptionFailure":
            let verb = reason == "DecryptionFailure" ? "decrypt" : "encrypt"
            return PublisherError(
                .denied, "\(name) cannot \(verb) with the secret's KMS key, to \(call.purpose)",
                hint: "check whether the key is enabled, and whether its policy and the role's allow kms:Decrypt and"
                    + " kms:GenerateDataKey", field: call.field)
        case "LimitExceededException":
            return PublisherError(
                .rateLimited, "\(name) refuses to \(call.purpose): a quota is used up\(words)",
                hint: "a secret has about 100 versions a day and 20 staging labels; AWS removes those without a label"
                    + " after a day", field: call.field)
        default: return nil
        }
    }
}

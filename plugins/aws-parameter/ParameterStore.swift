import AWS
import PublisherKit

/// The Parameter Store of AWS Systems Manager: API version 2014-11-06.
struct ParameterStore: AWSService {
    let name = "AWS Parameter Store"
    let prefix = "ssm"
    let target = "AmazonSSM"
    let policyPrefix = "ssm"
    let addressVariable = "AWS_ENDPOINT_URL_SSM"

    /// Its API reference names the errors of each operation.
    func explain(_ reason: String, _ refusal: ServiceAnswer, to call: ServiceCall) -> PublisherError? {
        let words = refusal.words.map { ": \($0)" } ?? ""
        switch reason {
        case "ParameterNotFound", "ParameterVersionNotFound":
            return PublisherError(
                .notFound, "\(name) has nothing there to \(call.purpose)",
                hint: "check whether the name, the region and the account are right", field: call.field)
        case "ParameterAlreadyExists":
            return PublisherError(
                .conflict, "\(name) refuses to \(call.purpose): it is there already",
                hint: "look who else writes there, and run the step again", field: call.field)
        case "InvalidKeyId":
            return PublisherError(
                .denied, "the KMS key cannot be used to \(call.purpose)\(words)",
                hint: "check whether it is there, enabled and of this region, and whether kms:Decrypt and kms:Encrypt"
                    + " are allowed", field: call.field)
        case "ParameterMaxVersionLimitExceeded":
            return PublisherError(
                .configuration, "\(name) refuses to \(call.purpose): its oldest version has a label and must stay",
                hint: "take the label off the oldest of its 100 versions", field: call.field)
        case "ParameterLimitExceeded":
            return PublisherError(
                .configuration, "\(name) refuses to \(call.purpose): the account has all the parameters it may have",
                hint: "delete some, or let this one be of the tier Advanced", field: call.field)
        case "ParameterPatternMismatchException", "HierarchyLevelLimitExceededException",
            "HierarchyTypeMismatchException", "UnsupportedParameterType", "InvalidAllowedPatternException",
            "PoliciesLimitExceededException", "InvalidPolicyTypeException", "InvalidPolicyAttributeException",
            "IncompatiblePolicyException":
            return PublisherError(
                .configuration, "\(name) refuses to \(call.purpose) (\(reason)\(words))",
                hint: "look at the parameter's own pattern, policies and name", field: call.field)
        default: return nil
        }
    }
}

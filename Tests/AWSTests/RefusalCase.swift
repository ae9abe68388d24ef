import PublisherKit
import Testing

/// How AWS refuses a call, and what a publisher makes of it.
struct RefusalCase: Sendable, CustomTestStringConvertible {
    var which = Which.secret
    let operation: String
    var status = 400
    let reason: String
    var words = ""
    let code: PublisherError.Code
    /// Parts of the message and of the hint.
    let message: String
    let hint: String

    var testDescription: String { "\(operation): \(reason) \(words)" }

    static let common = ["GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"].flatMap { operation in
        [
            RefusalCase(
                operation: operation, reason: "ExpiredTokenException", code: .denied,
                message: "the credentials for AWS have expired", hint: "give this stage fresh ones"),
            RefusalCase(
                operation: operation, reason: "UnrecognizedClientException", code: .denied,
                message: "AWS does not know the access key", hint: "AWS_SESSION_TOKEN"),
            RefusalCase(
                operation: operation, reason: "com.amazon.coral.service#InvalidSignatureException",
                words: "The request signature we calculated does not match", code: .denied,
                message: "the secret access key does not belong to the access key", hint: "AWS_SECRET_ACCESS_KEY"),
            RefusalCase(
                operation: operation, reason: "InvalidSignatureException",
                words: "Signature expired: 20261125T000000Z is now earlier than 20261125T001000Z", code: .denied,
                message: "the clock of this machine is wrong; AWS's says 2026-11-25T00:15:00Z", hint: "five minutes"),
            RefusalCase(
                operation: operation, reason: "InvalidSignatureException", words: "Signature not yet current: 2027",
                code: .denied, message: "the clock of this machine is wrong", hint: "set it"),
            RefusalCase(
                operation: operation, reason: "AccessDeniedException",
                words: "User: arn:aws:iam::1:user/u is not authorized to perform: secretsmanager:\(operation)",
                code: .denied, message: "is not authorized to perform", hint: "allow secretsmanager:\(operation) in"),
            RefusalCase(
                operation: operation, reason: "AccessDeniedException", words: "Access to KMS is not allowed",
                code: .denied, message: "the KMS key may not be used", hint: "allow kms:Decrypt"),
            RefusalCase(
                operation: operation, reason: "MissingAuthenticationTokenException", code: .denied,
                message: "the signature did not reach AWS Secrets Manager whole", hint: "a proxy"),
            RefusalCase(
                operation: operation, reason: "OptInRequired", code: .denied, message: "this account may not use",
                hint: "region is enabled"),
            RefusalCase(
                operation: operation, reason: "UnknownOperationException", code: .configuration,
                message: "there is no AWS Secrets Manager at this address", hint: "leave 'url' out"),
            RefusalCase(
                operation: operation, reason: "DecryptionFailure", code: .denied,
                message: "cannot decrypt with the secret's KMS key", hint: "the key is enabled"),
            RefusalCase(
                operation: operation, reason: "InvalidParameterException", words: "Invalid name.",
                code: .configuration, message: "(InvalidParameterException: Invalid name.)", hint: "settings"),
            RefusalCase(
                operation: operation, reason: "NeverHeardOfException", words: "hm", code: .internal,
                message: "(NeverHeardOfException: hm)", hint: "API reference"),
        ]
    }

    static let secrets = [
        RefusalCase(
            operation: "PutSecretValue", reason: "EncryptionFailure", code: .denied,
            message: "cannot encrypt with the secret's KMS key", hint: "kms:GenerateDataKey"),
        RefusalCase(
            operation: "PutSecretValue", reason: "LimitExceededException", words: "too many versions",
            code: .rateLimited, message: "a quota is used up: too many versions", hint: "about 100 versions a day"),
        RefusalCase(
            operation: "PutSecretValue", reason: "ResourceExistsException", code: .conflict,
            message: "that is there already with another content", hint: "look who else writes there"),
        RefusalCase(
            operation: "PutSecretValue", reason: "ResourceNotFoundException", words: "can't find", code: .notFound,
            message: "has nothing there to write", hint: "the region and the account"),
        RefusalCase(
            operation: "PutSecretValue", reason: "InvalidRequestException",
            words: "You can't perform this operation on the secret because it was marked for deletion.",
            code: .notFound, message: "the secret is scheduled for deletion", hint: "restore-secret"),
        RefusalCase(
            operation: "PutSecretValue", reason: "InvalidRequestException", words: "managed by another service",
            code: .conflict, message: "now: managed by another service", hint: "who owns it"),
    ]

    static let parameters = [
        RefusalCase(
            which: .parameter, operation: "PutParameter", reason: "InvalidKeyId", words: "key is disabled",
            code: .denied, message: "the KMS key cannot be used to write", hint: "enabled and of this region"),
        RefusalCase(
            which: .parameter, operation: "GetParameter", reason: "InvalidKeyId", code: .denied,
            message: "the KMS key cannot be used to read", hint: "kms:Decrypt"),
        RefusalCase(
            which: .parameter, operation: "GetParameter", reason: "AccessDeniedException",
            words: "The ciphertext refers to a customer master key that does not exist", code: .denied,
            message: "the KMS key may not be used to read", hint: "allow kms:Decrypt"),
        RefusalCase(
            which: .parameter, operation: "DescribeParameters", reason: "AccessDeniedException",
            words: "not authorized", code: .denied, message: "refuses to look at", hint: "ssm:DescribeParameters"),
        RefusalCase(
            which: .parameter, operation: "PutParameter", reason: "ParameterMaxVersionLimitExceeded",
            code: .configuration, message: "its oldest version has a label", hint: "take the label off"),
        RefusalCase(
            which: .parameter, operation: "PutParameter", reason: "ParameterLimitExceeded", code: .configuration,
            message: "all the parameters it may have", hint: "delete some"),
        RefusalCase(
            which: .parameter, operation: "PutParameter", reason: "ParameterPatternMismatchException", words: "no",
            code: .configuration, message: "(ParameterPatternMismatchException: no)", hint: "pattern"),
        RefusalCase(
            which: .parameter, operation: "PutParameter", reason: "ValidationException", words: "tier",
            code: .configuration, message: "(ValidationException: tier)", hint: "settings"),
    ]
}

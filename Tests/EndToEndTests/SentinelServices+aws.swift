import FoundationEssentials
import JSON
import Secrets
import TestSupport

extension SentinelServices {
    /// Flags of `ork-create`: a field of a secret and a parameter at AWS, with a name of the rotation's own.
    static func awsFlags(_ name: String) -> [String] {
        let variables = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"]
        return [
            "--to", "secret=aws-secrets-manager@1:secret=\(name),field=OPENROUTER_API_KEY,create=true",
            "--to", "parameter=aws-parameter@2:name=/\(name),create=true",
        ] + ["secret", "parameter"].flatMap { target in variables.flatMap { ["--target-env", "\(target):\($0)"] } }
    }

    /// The secret access key signs and is never sent; the key is in the bodies of the writes.
    init(aws server: AWSServer, _ name: String) {
        variables = server.environment()
        let secret = Sentinel("secret access key", Secret(variables["AWS_SECRET_ACCESS_KEY"] ?? ""))
        func service(_ program: String, _ wrapping: (String, String)) -> SentinelRules.Service {
            SentinelRules.Service(
                program: program, variable: "AWS_SECRET_ACCESS_KEY", token: secret, port: server.port,
                wrapping: wrapping, sendsToken: false)
        }
        services = [
            service("ork-publisher-aws-secrets-manager", (#"\"OPENROUTER_API_KEY\": \""#, #"\""#)),
            service("ork-publisher-aws-parameter", (#""Value":""#, #"""#)),
        ]
        requireHeld = { successor in
            let key = successor.revealed() ?? ""
            let text = try server.boto("secretsmanager", "get_secret_value", ["SecretId": .string(name)])
            guard text["SecretString"]?.string?.contains(key) == true else { throw Complaint("no secret") }
            let value = try server.boto("ssm", "get_parameter", ["Name": .string("/" + name), "WithDecryption": true])
            guard value["Parameter"]?["Value"]?.string == key else { throw Complaint("no parameter") }
        }
    }
}

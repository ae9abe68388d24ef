import FoundationEssentials
import HTTP
import Rotation
import Secrets
import Steps

/// Who takes metrics over OTLP, by `ork.yaml` and by OpenTelemetry's own variables
/// (opentelemetry.io/docs/specs/otel/protocol/exporter). What stands in those of headers is a credential.
struct MetricsCollector {
    /// A POST to it, without its body.
    let request: HTTPRequest

    init(_ collector: MetricsRules.Collector, _ environment: StepEnvironment) throws(DeliveryMistake) {
        let (url, alias) = try Self.address(collector, environment)
        // What was taken although its answer was lost would count a failure twice.
        var request = HTTPRequest(.post, url, body: [], isIdempotent: false, wantsFreshConnection: true)
        request.alias = alias
        // The headers are for whom the environment names, and for nobody whom `ork.yaml` does.
        for (name, value) in alias == nil ? [] : try Self.headers(environment) {
            if name.lowercased() == "authorization", let space = value.firstIndex(of: " ") {
                let credential = value[value.index(after: space)...]
                request.authorization = .scheme(String(value[..<space]), Secret(String(credential)))
            } else {
                request.headers.append((name: name, value: value))
            }
        }
        self.request = request
    }

    private static func address(
        _ collector: MetricsRules.Collector, _ environment: StepEnvironment
    ) throws(DeliveryMistake) -> (HTTPURL, alias: String?) {
        if case .address(let text) = collector {
            guard let url = try? HTTPURL(text) else { throw DeliveryMistake("metrics.otlp is not an https address") }
            return (url.appending("/v1/metrics"), nil)
        }
        let names = [("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", ""), ("OTEL_EXPORTER_OTLP_ENDPOINT", "/v1/metrics")]
        for (name, path) in names {
            guard let text = environment[name] else { continue }
            guard let url = try? HTTPURL(text) else {
                throw DeliveryMistake("the environment variable \(name) does not hold an https address")
            }
            return (path.isEmpty ? url : url.appending(path), "the collector in \(name)")
        }
        throw DeliveryMistake("the environment variable OTEL_EXPORTER_OTLP_ENDPOINT is not set")
    }

    /// `NAME=VALUE,…`, each value percent-encoded; the ones for metrics alone count, if there are any.
    private static func headers(
        _ environment: StepEnvironment
    ) throws(DeliveryMistake) -> [(name: String, value: String)] {
        let names = ["OTEL_EXPORTER_OTLP_METRICS_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"]
        guard let variable = names.first(where: { environment[$0] != nil }), let text = environment[variable] else {
            return []
        }
        return try text.split(separator: ",").map { pair throws(DeliveryMistake) in
            let parts = pair.split(separator: "=", maxSplits: 1).map { String($0).trimmed }
            guard parts.count == 2, let value = parts[1].percentDecoded else {
                throw DeliveryMistake("the environment variable \(variable) is no list of NAME=VALUE")
            }
            return (name: parts[0], value: value)
        }
    }
}

extension String {
    /// Read as the end of a path, with what would end that before.
    fileprivate var percentDecoded: String? {
        let text = replacing(" ", with: "%20").replacing("?", with: "%3F").replacing("#", with: "%23")
        let components = URLComponents(string: "x:/v" + text, encodingInvalidCharacters: false)
        return (components?.path.dropFirst("/v".count)).map(String.init)
    }

    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}

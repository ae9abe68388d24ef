import JSON
package import PublisherHosting

/// Whom ork tells how a run of a step ended, beside those who read its log. It is no part of the plan: no step acts on it.
package struct NotifyRules: PlanSection {
    package var webhooks: [Webhook] = []

    package init() {}

    package static let key = "notify"

    package static let fields: [PlanField<Self>] = [
        PlanField("webhooks", \.webhooks, .list(.webhook), help: "Services of the web that are posted to")
    ]

    /// What somebody may want to be told.
    package enum News: String, Hashable, Sendable, CaseIterable {
        /// A run failed.
        case failure
        /// Nothing goes on before a person does something: a gate is to be opened, or something is to be looked at.
        case needsPerson = "needs_person"
        /// A rotation has come to its end, the way back included.
        case finish
    }

    /// A service that is posted to, each in its own form.
    package enum Service: String, Hashable, Sendable, CaseIterable { case slack, teams, discord, json }

    /// Where a service takes messages, and which of them it gets.
    package struct Webhook: Hashable, Sendable {
        package var service: Service
        package var settings: WebhookSettings
    }

    /// What is said of a webhook, whatever service it is of.
    package struct WebhookSettings: PlanSection {
        /// The environment variable that holds its URL, which is a credential.
        package var variable: EnvironmentName?
        package var news = Set(News.allCases)

        package init() {}

        package static let key = "webhook"

        package static let fields: [PlanField<Self>] = [
            PlanField(
                "env", \.variable, .optional(.variable), isRequired: true,
                help: "The environment variable that holds its URL"),
            PlanField("on", \.news, .news, help: "What it is told"),
        ]
    }
}

/// Where the figures of a rotation go that are kept over time. It is no part of the plan either.
package struct MetricsRules: PlanSection {
    /// A folder in which each rotation has its files, for node_exporter's textfile collector.
    package var folder: String?
    package var collector: Collector?

    package init() {}

    package static let key = "metrics"

    package static let fields: [PlanField<Self>] = [
        PlanField(
            "folder", \.folder, .optional(.text),
            help: "A folder for files in OpenMetrics text, such as that of node_exporter's textfile collector"),
        PlanField(
            "otlp", \.collector, .optional(.collector),
            help: "The collector's address, to which /v1/metrics is added, or environment for OpenTelemetry's variables"
        ),
    ]

    /// Who takes metrics over OTLP.
    package enum Collector: Hashable, Sendable {
        /// The one that `OTEL_EXPORTER_OTLP_ENDPOINT` names.
        case environment
        case address(String)
    }
}

extension PlanCodec where Value == NotifyRules.Webhook {
    fileprivate static var webhook: Self {
        let kinds = NotifyRules.Service.allCases.map { service in
            PlanKind<Value>(service.rawValue, .section) {
                Value(service: service, settings: $0)
            } content: {
                $0.service == service ? $0.settings : nil
            }
        }
        return Self.oneOf(kinds).defined(as: "notified")
    }
}

extension PlanCodec where Value == Set<NotifyRules.News> {
    fileprivate static var news: Self {
        let words = NotifyRules.News.allCases.map(\.rawValue)
        return Self(
            "a list of \(words.inWords("and"))",
            schema: { _ in
                [
                    "type": "array", "minItems": 1, "uniqueItems": true,
                    "items": ["enum": .array(words.map { .string($0) })],
                ]
            },
            read: { value throws(PlanError) in
                let list = value.json.array ?? []
                let news = list.compactMap { $0.string.flatMap(NotifyRules.News.init) }
                return news.isEmpty || Set(news).count != list.count ? nil : Set(news)
            },
            write: { news in
                .array(NotifyRules.News.allCases.filter(news.contains).map { .string($0.rawValue) })
            })
    }
}

extension PlanCodec where Value == MetricsRules.Collector {
    fileprivate static var collector: Self {
        let address = PlanCodec<String>.address(query: false)
        let named = Self(
            address.expected, schema: address.schema,
            read: { value throws(PlanError) in try address.read(value).map { .address($0) } },
            write: { if case .address(let text) = $0 { .string(text) } else { nil } })
        return named.or("environment", .environment)
    }
}

"""Reads metrics as their receivers do: {"texts": [...], "requests": [...]} on standard input.

Prints {"texts": [{SERIES: VALUE}], "requests": [{SERIES: VALUE}]}, or ends with an error where a reader refuses something.
"""

import json
import sys

from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as older_families


def series(name, labels):
    return name + "{" + ",".join(f"{key}={value}" for key, value in sorted(labels.items())) + "}"


def plain(samples):
    """Whole numbers as such."""
    return {key: int(value) if value == int(value) else value for key, value in samples.items()}


def read_text(text):
    samples = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation and family.type in ("gauge", "counter"), family
        for sample in family.samples:
            assert sample.timestamp is None, "node_exporter takes none"
            samples[series(sample.name, sample.labels)] = sample.value
    # What node_exporter reads has no words for other types, and sees the same.
    older = {series(s.name, s.labels): s.value for family in older_families(text) for s in family.samples}
    assert older == samples, set(older.items()) ^ set(samples.items())
    return plain(samples)


def read_request(body):
    request = json_format.ParseDict(body, ExportMetricsServiceRequest())
    samples = {}
    for resource in request.resource_metrics:
        attributes = {a.key: a.value.string_value for a in resource.resource.attributes}
        assert attributes["service.name"] == "ork" and attributes["service.version"], attributes
        for metric in resource.scope_metrics[0].metrics:
            data = getattr(metric, metric.WhichOneof("data"))
            if metric.WhichOneof("data") == "sum":
                assert data.is_monotonic and data.aggregation_temporality == 1
            for point in data.data_points:
                assert point.time_unix_nano > 1_500_000_000 * 10**9
                assert metric.WhichOneof("data") != "sum" or 0 < point.start_time_unix_nano <= point.time_unix_nano
                labels = {a.key: a.value.string_value for a in point.attributes}
                samples[series(f"{metric.name} {metric.unit}", labels)] = point.as_double
    return plain(samples)


given = json.load(sys.stdin)
print(json.dumps({"texts": [read_text(t) for t in given["texts"]], "requests": [read_request(b) for b in given["requests"]]}))

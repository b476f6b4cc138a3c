import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";

import { readTraceOptions } from "./trace-flags.ts";

const URL = "http://collector:4318/v1/traces";

test("without a collector nothing is traced", () => {
  equal(readTraceOptions({}, {}), undefined);
  equal(readTraceOptions({}, { OTEL_TRACES_SAMPLER_ARG: "1", OTEL_EXPORTER_OTLP_ENDPOINT: "" }), undefined);
  equal(readTraceOptions({}, { OTEL_SDK_DISABLED: "true", OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" }), undefined);
  throws(() => readTraceOptions({ traceRatio: "0.1" }, {}), /--trace-endpoint/);
});

test("options come before OpenTelemetry's environment, and its address of traces before that of all", () => {
  deepEqual(readTraceOptions({ traceEndpoint: URL }, {}), { url: URL, headers: {}, serviceName: "holdfast", ratio: 0 });
  const environment = {
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://all:4318/",
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20x%3D, a = b",
    OTEL_SERVICE_NAME: "edge",
    OTEL_TRACES_SAMPLER_ARG: "0.25",
  };
  const headers = { authorization: "Bearer x=", a: "b" };
  deepEqual(readTraceOptions({}, environment), { url: "http://all:4318/v1/traces", headers, serviceName: "edge", ratio: 0.25 });
  equal(readTraceOptions({}, { ...environment, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://t/x" })?.url, "http://t/x");
  const given = readTraceOptions({ traceEndpoint: URL, traceRatio: "1" }, environment);
  deepEqual([given?.url, given?.ratio], [URL, 1]);
});

test("what is wrong is said, and no secret with it", () => {
  for (const traceEndpoint of ["collector:4318", "ftp://a/", "http://user@a/", ""])
    throws(() => readTraceOptions({ traceEndpoint }, {}), /--trace-endpoint/);
  for (const traceRatio of ["", "x", "1.1", "-0.1", "NaN"])
    throws(() => readTraceOptions({ traceEndpoint: URL, traceRatio }, {}), /from 0 to 1/);
  for (const headers of ["secret", "=secret", "a=", "a=secret%0a", "a=secret%", "a b=secret"])
    throws(
      () => readTraceOptions({ traceEndpoint: URL }, { OTEL_EXPORTER_OTLP_HEADERS: headers }),
      (error: Error) => /OTEL_EXPORTER_OTLP_HEADERS/.test(error.message) && !error.message.includes("secret"),
    );
});

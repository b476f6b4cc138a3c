import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { test } from "node:test";

import { chooseExposition, openMetricsText, prometheusText } from "./exposition.ts";
import { MetricsRegistry, mergeDumps } from "./metrics.ts";

function registry(): MetricsRegistry {
  const made = new MetricsRegistry();
  made.counter("a_received_bytes_total", 'Bytes "in".', ["from"]).with('x"\\\n').add(7);
  made.gauge("a_open", "Open.").with().set(2);
  const seconds = made.histogram("a_seconds", "Time.", [0.5, 1, 10]).with();
  seconds.observe(0.2);
  seconds.observe(3);
  return made;
}

test("OpenMetrics names counters without the suffix of their samples, says units, and marks its end", () => {
  equal(
    openMetricsText.render(registry().dump()),
    [
      '# HELP a_received_bytes Bytes \\"in\\".',
      "# TYPE a_received_bytes counter",
      "# UNIT a_received_bytes bytes",
      'a_received_bytes_total{from="x\\"\\\\\\n"} 7',
      "# HELP a_open Open.",
      "# TYPE a_open gauge",
      "a_open 2",
      "# HELP a_seconds Time.",
      "# TYPE a_seconds histogram",
      "# UNIT a_seconds seconds",
      'a_seconds_bucket{le="0.5"} 1',
      'a_seconds_bucket{le="1.0"} 1',
      'a_seconds_bucket{le="10.0"} 2',
      'a_seconds_bucket{le="+Inf"} 2',
      "a_seconds_sum 3.2",
      "a_seconds_count 2",
      "# EOF",
      "",
    ].join("\n"),
  );
});

test("OpenMetrics names the trace of the last value in a bucket, also when the numbers of several processes are added up", () => {
  const made = (traceId: string, atMs: number): MetricsRegistry => {
    const one = registry();
    const cell = one.histogram("a_seconds", "Time.", [0.5, 1, 10]).with();
    cell.exemplify({ traceId: "0".repeat(32), value: 0.4, atMs: 1 });
    cell.exemplify({ traceId, value: 0.2, atMs });
    if (atMs > 2_000) cell.exemplify({ traceId, value: 30, atMs });
    return one;
  };
  const [older, newer] = ["a".repeat(32), "b".repeat(32)];
  const dumps = [made(newer, 2_500).dump(), made(older, 1_000).dump(), registry().dump()];
  const lines = openMetricsText
    .render(mergeDumps(dumps))
    .split("\n")
    .filter((line) => line.startsWith("a_seconds_bucket"));
  deepEqual(lines, [
    `a_seconds_bucket{le="0.5"} 3 # {trace_id="${newer}"} 0.2 2.500`,
    'a_seconds_bucket{le="1.0"} 3',
    'a_seconds_bucket{le="10.0"} 6',
    `a_seconds_bucket{le="+Inf"} 6 # {trace_id="${newer}"} 30 2.500`,
  ]);
  ok(!prometheusText.render(mergeDumps(dumps)).includes("trace_id"));
});

test("Prometheus text is as it was: full names, whole bounds, no end", () => {
  const lines = prometheusText.render(registry().dump()).split("\n");
  deepEqual(lines.slice(0, 3), [
    '# HELP a_received_bytes_total Bytes "in".',
    "# TYPE a_received_bytes_total counter",
    'a_received_bytes_total{from="x\\"\\\\\\n"} 7',
  ]);
  equal(lines[9], 'a_seconds_bucket{le="1"} 1');
  equal(lines.at(-2), "a_seconds_count 2");
});

test("a counter and a gauge that OpenMetrics would give one name are refused, whichever comes first", () => {
  for (const [first, second] of [
    ["counter", "gauge"],
    ["gauge", "counter"],
  ] as const) {
    const made = new MetricsRegistry();
    made[first](first === "counter" ? "open_total" : "open", "One.");
    throws(() => made[second](second === "counter" ? "open_total" : "open", "Other."), { code: "TELEMETRY_REDECLARED" });
  }
});

test("who asks for OpenMetrics at least as much as for text gets it", () => {
  const cases: readonly (readonly [string | undefined, unknown])[] = [
    [undefined, prometheusText],
    ["", prometheusText],
    ["*/*", prometheusText],
    ["text/plain", prometheusText],
    ["application/openmetrics-text", openMetricsText],
    ["Application/OpenMetrics-Text; Version=1.0.0; charset=utf-8", openMetricsText],
    ["application/openmetrics-text;version=0.0.1", prometheusText],
    ["application/openmetrics-text;version=2.0.0,*/*;q=0.1", prometheusText],
    ["application/openmetrics-text;q=0", prometheusText],
    ["application/openmetrics-text;q=0.3,text/plain;q=0.5", prometheusText],
    ["application/openmetrics-text;q=x", prometheusText],
    // Prometheus 2 and 3.
    [
      "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
      openMetricsText,
    ],
    [
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
      openMetricsText,
    ],
  ];
  for (const [accept, expected] of cases) equal(chooseExposition(accept), expected, accept ?? "none");
});

import { type Json, isList, isObject, objectAt, objectsAt, textAt } from "../document/json.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { runHttp } from "../provider/run-http.ts";
import { instantOf } from "./fluent-time.ts";
import type { Given } from "./given.ts";
import { REQUIRED } from "./parameters.ts";
import { type AliasCall, moduleOf } from "./python-function.ts";

type Query = Readonly<Record<string, Json>>;

/** Asks Prometheus (`prometheus_base_url` of the configuration); answers its JSON, or fails with what it said. */
async function ask(call: AliasCall, path: string, query: Query, verifyTls: boolean): Promise<Json> {
  const base = textAt(call.configuration, "prometheus_base_url") ?? "http://localhost:9090";
  const provider = { url: `${base}${path}`, headers: { Accept: "application/json" }, arguments: query, verify_tls: verifyTls };
  const answer = await runHttp(provider, { configuration: {}, secrets: {} }, call.signal);
  const { status, body } = isObject(answer) ? answer : {};
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const what = path.endsWith("_range") ? "Prometheus query range" : "Prometheus query";
  if (status !== 200) throw new ActivityFailed(`${what} ${JSON.stringify(query)} failed: ${text ?? ""}`);
  try {
    return typeof body === "string" ? (JSON.parse(body) as Json) : (body ?? null);
  } catch {
    throw new ActivityFailed(`${what} ${JSON.stringify(query)} was answered with what is no JSON: ${text?.slice(0, 100) ?? ""}`);
  }
}

function timeIn(given: Given, name: string, call: AliasCall): string {
  const text = given.text(name);
  const instant = instantOf(text, call.clock.wallMs());
  if (instant === undefined) throw new ActivityFailed(`failed to parse '${text}'`);
  return new Date(instant).toISOString();
}

const timeout = (given: Given): Query => (given.value("timeout") === null ? {} : { timeout: given.value("timeout") });

function query(given: Given, call: AliasCall): Promise<Json> {
  const time = given.flag("when") ? { time: timeIn(given, "when", call) } : {};
  return ask(call, "/api/v1/query", { query: given.text("query"), ...timeout(given), ...time }, given.flag("verify_tls"));
}

function queryInterval(given: Given, call: AliasCall): Promise<Json> {
  const range = { start: timeIn(given, "start", call), end: timeIn(given, "end", call) };
  const step = given.flag("step") ? { step: given.value("step") } : {};
  return ask(call, "/api/v1/query_range", { query: given.text("query"), ...timeout(given), ...step, ...range }, given.flag("verify_tls"));
}

/** As the package says it does it; today's fails before it asks (it subtracts a number from a date). */
async function computeMean(given: Given, call: AliasCall, of: string, kind: string): Promise<Json> {
  const end = call.clock.wallMs() / 1000;
  const start = Date.parse(timeIn(given, "window", call)) / 1000;
  const answer = await ask(call, "/api/v1/query_range", { query: of, start, end, step: (end - start) / 300 }, true);
  const [first] = objectsAt(objectAt(isObject(answer) ? answer : {}, "data"), "result");
  const values = (isList(first?.["values"]) ? first["values"] : []).map((pair) => Number(isList(pair) ? pair[1] : Number.NaN));
  if (values.length === 0) throw new ActivityFailed(`Prometheus has no values for ${of}`);
  const sumOf = (term: (value: number) => number): number => values.reduce((sum, value) => sum + term(value), 0);
  if (kind === "geometric") return Math.exp(sumOf(Math.log) / values.length);
  if (kind === "harmonic") return values.length / sumOf((value) => 1 / value);
  return sumOf((value) => value) / values.length;
}

const CPU_USAGE = '100 * (1 - avg(rate(node_cpu_seconds_total{mode="idle"}[1m])))';

export const chaosPrometheus = moduleOf("chaosprometheus.probes", {
  query: [{ query: REQUIRED, when: null, timeout: null, verify_tls: true }, query],
  query_interval: [{ query: REQUIRED, start: REQUIRED, end: REQUIRED, step: 1, timeout: null, verify_tls: true }, queryInterval],
  compute_mean: [
    { query: REQUIRED, window: "1d", mean_type: "arithmetic" },
    (given, call) => computeMean(given, call, given.text("query"), given.text("mean_type")),
  ],
  nodes_cpu_usage_mean: [{ window: "1d" }, (given, call) => computeMean(given, call, CPU_USAGE, "arithmetic")],
});

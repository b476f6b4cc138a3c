import type { MetricsRegistry } from "../telemetry/index.ts";
import type { Resource } from "./resource.ts";

const STATES: Readonly<Record<string, number>> = { connecting: 0, syncing: 1, live: 2, failing: 3, absent: 4 };

/** Metrics of one reflector; counts nothing without a registry. */
export function createReflectorMeter(resource: Resource, metrics: MetricsRegistry | undefined) {
  const kind = resource.kind;
  if (metrics === undefined) {
    return {
      state(_state: string) {},
      heard(_wallMs: number) {},
      list(_outcome: string) {},
      event(_type: string) {},
      poisoned() {},
      failed(_code: string) {},
    };
  }
  const state = metrics
    .gauge("holdfast_kube_state", "State of a mirrored kind: 0 connecting, 1 syncing, 2 live, 3 failing, 4 absent.", ["kind"])
    .with(kind);
  const heardAt = metrics
    .gauge("holdfast_kube_last_success_timestamp_seconds", "When the API server was last heard about a kind, Unix time.", ["kind"])
    .with(kind);
  const lists = metrics.counter("holdfast_kube_lists_total", "Complete lists of a kind.", ["kind", "outcome"]);
  const events = metrics.counter("holdfast_kube_watch_events_total", "Watch events of a kind.", ["kind", "type"]);
  const poisoned = metrics.counter("holdfast_kube_poisoned_total", "Objects that could not be read.", ["kind"]).with(kind);
  const failures = metrics.counter("holdfast_kube_failures_total", "Lists and watches that failed, by error code.", ["kind", "code"]);
  return {
    state: (value: string) => state.set(STATES[value] ?? 0),
    heard: (wallMs: number) => heardAt.set(wallMs / 1000),
    list: (outcome: string) => lists.with(kind, outcome).add(),
    event: (type: string) => events.with(kind, type).add(),
    poisoned: () => poisoned.add(),
    failed: (code: string) => failures.with(kind, code).add(),
  };
}

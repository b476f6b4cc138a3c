import type { MetricsRegistry } from "../telemetry/index.ts";
import type { CircuitState } from "./circuit-breaker.ts";

/** Metrics of one caller. */
export interface CallMeter {
  ended(call: string, outcome: string, durationMs: number): void;
  retry(code: string): void;
  budgetEmpty(): void;
  fallback(call: string): void;
  circuit(circuit: string, state: CircuitState): void;
}

const STATE_VALUE: Readonly<Record<CircuitState, number>> = { closed: 0, halfOpen: 1, open: 2 };

/** Declares the families; with no registry, a meter that counts nothing. */
export function createCallMeter(caller: string, metrics: MetricsRegistry | undefined): CallMeter {
  if (metrics === undefined) return { ended() {}, retry() {}, budgetEmpty() {}, fallback() {}, circuit() {} };
  const total = metrics.counter("holdfast_call_total", "API calls ended, by outcome (ok or the error code).", [
    "caller",
    "call",
    "outcome",
  ]);
  const seconds = metrics.histogram(
    "holdfast_call_seconds",
    "Duration of API calls, retries included.",
    [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    ["caller", "call"],
  );
  const retries = metrics.counter("holdfast_call_retries_total", "Retries of API calls, by the error code that caused them.", [
    "caller",
    "code",
  ]);
  const empty = metrics.counter("holdfast_call_retry_budget_empty_total", "Retries not made because the retry budget was used up.", [
    "caller",
  ]);
  const fallbacks = metrics.counter("holdfast_call_fallback_total", "API calls answered by their fallback.", ["caller", "call"]);
  const state = metrics.gauge("holdfast_call_circuit_state", "Circuit breaker: 0 closed, 1 half-open, 2 open.", ["caller", "circuit"]);
  return {
    ended(call, outcome, durationMs) {
      total.with(caller, call, outcome).add();
      seconds.with(caller, call).observe(durationMs / 1000);
    },
    retry: (code) => retries.with(caller, code).add(),
    budgetEmpty: () => empty.with(caller).add(),
    fallback: (call) => fallbacks.with(caller, call).add(),
    circuit: (circuit, value) => state.with(caller, circuit).set(STATE_VALUE[value]),
  };
}

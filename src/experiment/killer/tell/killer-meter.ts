import type { MetricsRegistry } from "../../../telemetry/index.ts";
import type { Notice } from "./notice.ts";

const BOUNDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30];

/** What the killer counts: chaoskube's names, so that its alerts and pictures go on, and ours (docs/reference/chaos.md). */
export class KillerMeter {
  readonly #metrics: MetricsRegistry;

  constructor(metrics: MetricsRegistry, isDry: boolean) {
    this.#metrics = metrics;
    metrics.gauge("holdfast_chaos_dry_run", "1 while nothing is killed because it is a dry run.").with().set(Number(isDry));
    this.#halted.with().set(0);
    this.#intervals.with().add(0);
    this.#errors.with().add(0);
  }

  /** Dry ones are not among chaoskube's, which counts pods that are gone. */
  victim({ isDry, what, namespace, outcome }: Notice): void {
    this.#metrics
      .counter("holdfast_chaos_victims_total", "Pods and instances that were drawn, by what came of them.", [
        "what",
        "namespace",
        "outcome",
        "dry_run",
      ])
      .with(what, namespace, outcome, String(isDry))
      .add();
    if (isDry || what !== "pod" || outcome !== "killed") return;
    this.#metrics.counter("chaoskube_pods_deleted_total", "The total number of pods deleted.", ["namespace"]).with(namespace).add();
  }

  took(seconds: number): void {
    this.#metrics
      .histogram("chaoskube_termination_duration_seconds", "The time it took a single pod termination to finish.", BOUNDS)
      .with()
      .observe(seconds);
  }

  /** A turn came; `outcome`: `killed`, `dry-run`, `nobody`, `quiet`, `halted`, `gate`, `error`. */
  turn(outcome: string): void {
    this.#intervals.with().add();
    this.#metrics.counter("holdfast_chaos_turns_total", "Turns to kill somebody, by what came of them.", ["outcome"]).with(outcome).add();
  }

  /** `what`: `record`, `world`, `gate`, `kill`, `notify`. */
  error(what: string): void {
    this.#errors.with().add();
    this.#metrics
      .counter("holdfast_chaos_errors_total", "What could not be read, killed or told; whatever it is, it kills nobody.", ["what"])
      .with(what)
      .add();
  }

  halted(isHalted: boolean): void {
    this.#halted.with().set(Number(isHalted));
  }

  get #halted() {
    return this.#metrics.gauge("holdfast_chaos_halted", "1 while a lever stops the killer.");
  }

  get #intervals() {
    return this.#metrics.counter("chaoskube_intervals_total", "The total number of pod termination logic runs.");
  }

  get #errors() {
    return this.#metrics.counter("chaoskube_errors_total", "The total number of errors encountered while trying to terminate pods.");
  }
}

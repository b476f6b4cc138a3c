import type { Clock } from "../../kernel/index.ts";
import type { MetricsRegistry } from "../../telemetry/index.ts";
import type { HeldRemoval } from "../../admin/index.ts";
import type { Decision } from "../apply/decision.ts";
import { type Evidence, valueOf } from "../evidence.ts";
import { REMOVAL_KINDS } from "../removal/removal-kind.ts";
import type { Thought } from "./thought.ts";

/** What the controller counts; names are those of kube-ingress-aws-controller after the prefix, where it has them (docs/reference/alb-admin.md). */
export class ControllerMeter {
  readonly #metrics: MetricsRegistry;
  readonly #clock: Clock;
  #evidence: Readonly<Record<string, Evidence<unknown>>> = {};

  constructor(metrics: MetricsRegistry, clock: Clock) {
    this.#metrics = metrics;
    this.#clock = clock;
  }

  decided({ effect, what, outcome }: Decision): void {
    this.#metrics
      .counter("holdfast_alb_changes_total", "Steps on load balancers by what they do and how they ended.", ["effect", "step", "outcome"])
      .with(effect, what, outcome)
      .add();
  }

  thought({ claims, certificates, network, layout, observation, plan }: Thought): void {
    const { observed, targets } = observation;
    this.#evidence = {
      objects: claims,
      certificates,
      network,
      auto_scaling_groups: observed.autoScalingGroups,
      targets: targets.by === "addresses" ? targets.targets : targets.names,
    };
    const all = valueOf(claims) ?? [];
    const kindCount = (kind: string): number => all.filter(({ owner }) => owner.kind === kind).length;
    this.#gauge("ingresses_total", "Ingresses that ask for a load balancer.", kindCount("Ingress"));
    this.#gauge("routegroups_total", "RouteGroups that ask for a load balancer.", kindCount("RouteGroup"));
    this.#gauge("certificates_total", "Certificates that could be used.", valueOf(certificates)?.length ?? 0);
    this.#gauge("load_balancers_total", "Load balancers that should be.", layout.loadBalancers.length);
    const groups = valueOf(observed.autoScalingGroups) ?? [];
    this.#gauge(
      "missing_target_groups",
      "Target groups that are gone and still attached to the Auto Scaling groups, which start no instances because of them.",
      new Set(groups.flatMap(({ missingTargetGroups }) => missingTargetGroups)).size,
    );
    this.#gauge("targeted_autoscaling_groups_total", "Auto Scaling groups whose instances are targets.", groups.length);
    const steps = this.#metrics.gauge("holdfast_alb_planned_steps", "Steps of the last plan by effect.", ["effect"]);
    for (const effect of ["add", "change", "remove"]) steps.with(effect).set(plan.steps.filter((step) => step.effect === effect).length);
    const deletes = plan.steps.filter(({ type }) => type === "delete-load-balancer").length;
    this.#gauge("deletes_pending", "Load balancers that nobody needs and that are not deleted yet.", deletes);
  }

  ended(problems: number, isWhole: boolean): void {
    this.#gauge("problems", "Objects and steps with a problem in the last reconcile.", problems);
    if (isWhole)
      this.#gauge(
        "last_sync_timestamp_seconds",
        "When a reconcile last knew enough to do all it had to.",
        Math.floor(this.#clock.wallMs() / 1000),
      );
  }

  /** To be called before the metrics are read: ages grow by themselves, and objects are followed also while nothing is done. */
  refresh(held: readonly HeldRemoval[], openCircuits: number, objects: Evidence<unknown>): void {
    const heldBy = this.#metrics.gauge("holdfast_alb_held", "Things whose removal is held, by kind.", ["kind"]);
    const keysOf = Map.groupBy(held, ({ kind }) => kind);
    for (const kind of new Set([...REMOVAL_KINDS, ...keysOf.keys()]))
      heldBy.with(kind).set((keysOf.get(kind) ?? []).reduce((sum, { keys }) => sum + keys.length, 0));
    const age = this.#metrics.gauge("holdfast_alb_evidence_age_seconds", "How old what is known of a source is.", ["source"]);
    const worth = this.#metrics.gauge("holdfast_alb_evidence_fresh", "1 while what is known of a source is fresh.", ["source"]);
    for (const [source, evidence] of Object.entries({ ...this.#evidence, objects })) {
      worth.with(source).set(evidence.state === "fresh" ? 1 : 0);
      if (evidence.state !== "unknown") age.with(source).set(Math.max(0, this.#clock.wallMs() - evidence.atMs) / 1000);
    }
    this.#gauge(
      "open_circuits",
      "Circuit breakers of calls to AWS that are not closed; nothing is taken away while there are any.",
      openCircuits,
    );
  }

  #gauge(name: string, help: string, value: number): void {
    this.#metrics.gauge(`holdfast_alb_${name}`, help).with().set(value);
  }
}

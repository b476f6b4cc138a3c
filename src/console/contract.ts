import type { ActionView } from "./contract/actions.ts";
import type { ControlPlaneView, NodeView } from "./contract/cluster.ts";
import type { ExperimentView } from "./contract/experiment.ts";
import type { LaneView } from "./contract/lane.ts";
import type { LoadBalancerView } from "./contract/load-balancer.ts";
import type { HeldView, RouteView } from "./contract/routes.ts";
import type { FaultView, ScenarioView, TimelineView } from "./contract/scenario.ts";

export { type ActionView, type ConsoleActions, HELD_APPROVE, HELD_REJECT } from "./contract/actions.ts";
export { type ApiServerView, type ControlPlaneView, type NodeView, type PodView, type RouterView } from "./contract/cluster.ts";
export {
  EXPERIMENT_FAULTS_LIMIT,
  type ExperimentFaultView,
  type ExperimentLoadView,
  type ExperimentLookView,
  type ExperimentView,
  LOOKS_LIMIT,
} from "./contract/experiment.ts";
export {
  type AlbView,
  type EdgeView,
  type LaneView,
  SERIES_LIMIT,
  type SeriesPoint,
  type TargetView,
  type TotalsView,
} from "./contract/lane.ts";
export { type BalancedTargetView, type ListenerView, type LoadBalancerView, type PlannedStepView } from "./contract/load-balancer.ts";
export { type Policy, type ProcessState, type ProcessView } from "./contract/process.ts";
export { type EvidenceView, type HeldView, ROUTES_LIMIT, type RouteView } from "./contract/routes.ts";
export {
  type FaultView,
  type PhaseView,
  type ScenarioView,
  TIMELINE_LIMIT,
  type TimelineView,
  type VerdictView,
} from "./contract/scenario.ts";

/**
 * What the console shows and what it can do: the one seam between whoever knows (the lab's orchestrator, later a
 * router's admin listener) and the page. Plain JSON, small enough to be sent whole four times a second; the browser
 * imports this file too, so it holds types and constants only.
 *
 * `tSeconds` and everything named `...AtSeconds` count from `scenario.startedAtMs`; `...AtMs` are Unix milliseconds.
 * `null` means "not known" or "not so"; it is never a zero in disguise.
 */
export interface ConsoleSnapshot {
  /** When the data was read, Unix milliseconds; the page shows it beside every picture. */
  readonly takenAtMs: number;
  readonly scenario: ScenarioView;
  /** `null` where there is none to show (a router alone). */
  readonly controlPlane: ControlPlaneView | null;
  /** One per router fleet, in the order shown; two in the lab (`naive`, then `hold`). */
  readonly lanes: readonly LaneView[];
  /** As their controllers know them; none where no controller answers. */
  readonly loadBalancers: readonly LoadBalancerView[];
  /** In the order shown, one per zone in the lab. */
  readonly nodes: readonly NodeView[];
  /** One row per route and policy; at most ROUTES_LIMIT, `routesTotal` says how many there are. */
  readonly routes: readonly RouteView[];
  readonly routesTotal: number;
  readonly held: readonly HeldView[];
  /** Oldest first, the newest TIMELINE_LIMIT. */
  readonly timeline: readonly TimelineView[];
  /** What is broken on purpose now, and what was (kept so that the charts can shade it). */
  readonly faults: readonly FaultView[];
  /** The newest that was aimed at this lab; `null` when there was none, or where there is no lab. */
  readonly experiment: ExperimentView | null;
}

/** One server-sent event, and the body of GET /api/snapshot: everything, so that a missed one costs nothing. */
export interface ConsoleFrame {
  /** Counts up from 1 while the server lives. */
  readonly sequence: number;
  readonly snapshot: ConsoleSnapshot;
  readonly actions: readonly ActionView[];
}

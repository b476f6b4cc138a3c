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
}

export const ROUTES_LIMIT = 200;
export const TIMELINE_LIMIT = 200;
/** Points kept per lane; the newest. */
export const SERIES_LIMIT = 600;

export type Policy = "naive" | "hold";

/** `backoff`: dead, and started again in `restartInMs`; `stopped`: dead, and nobody will start it. */
export type ProcessState = "running" | "starting" | "backoff" | "stopped";

export interface ProcessView {
  readonly state: ProcessState;
  /** Time left until it is started again; `null` unless `backoff`. */
  readonly restartInMs: number | null;
}

export interface ScenarioView {
  /** `zalando-2017`, or `none`. */
  readonly name: string;
  readonly startedAtMs: number;
  /** The scenario's clock. */
  readonly tSeconds: number;
  /** In order; empty when nothing is played. */
  readonly phases: readonly PhaseView[];
  readonly verdict: VerdictView | null;
}

export interface PhaseView {
  readonly id: string;
  /** As in the row of steps: `API server down`. */
  readonly label: string;
  readonly state: "pending" | "running" | "done";
  readonly startedAtSeconds: number | null;
  readonly endedAtSeconds: number | null;
}

export interface VerdictView {
  readonly outcome: "held" | "deviated" | "inconclusive";
  /** One sentence for a stranger: `2017 failed 4,120 requests in 38 s; Holdfast failed none.` */
  readonly sentence: string;
}

export interface ControlPlaneView {
  readonly apiServer: ApiServerView;
  readonly store: ProcessView & { readonly objects: number | null; readonly sizeBytes: number | null };
  readonly scheduler: ProcessView;
  readonly controllers: ProcessView;
}

export interface ApiServerView extends ProcessView {
  readonly heapUsedBytes: number | null;
  readonly heapLimitBytes: number | null;
  /** How often it died since the scenario began. */
  readonly kills: number;
  /** What ended it last: `V8 out of memory`. */
  readonly lastExit: string | null;
  /** Pods it stores, all states; the last known number while it is down. */
  readonly pods: number | null;
  /** Of these, how many are Pending. */
  readonly pendingPods: number | null;
}

export interface LaneView {
  readonly policy: Policy;
  /** `as in 2017`, `Holdfast`. */
  readonly label: string;
  readonly alb: AlbView;
  readonly totals: TotalsView;
  /** One point a second, oldest first, at most SERIES_LIMIT. */
  readonly series: readonly SeriesPoint[];
  /**
   * Measured rates. Ends are named `clients`, `alb`, `router/NODE`, `pods/NODE`. An edge that is not listed is drawn
   * without a rate: nobody measures it.
   */
  readonly edges: readonly EdgeView[];
}

export interface AlbView extends ProcessView {
  readonly failOpen: boolean;
  /** How long it has failed open in all. */
  readonly failOpenSeconds: number;
  readonly targets: readonly TargetView[];
}

/** Target states and reason codes are AWS's (ELBv2 `TargetHealth`). */
export interface TargetView {
  readonly node: string;
  readonly state: "initial" | "healthy" | "unhealthy" | "unused" | "draining" | "unavailable";
  /** `Target.ResponseCodeMismatch`, with AWS's description where there is one. */
  readonly reason: string | null;
}

/** Every request sent and answered is in exactly one of right, failed, lostInFlight. */
export interface TotalsView {
  readonly sent: number;
  readonly right: number;
  readonly failed: number;
  /** Torn down by `kill -9` of a worker while being answered; counted apart. */
  readonly lostInFlight: number;
  /** By status as text; what got no answer at all is under its reason (`timeout`, `refused`, `reset`). */
  readonly byStatus: Readonly<Record<string, number>>;
  /** Answered by another application than the one asked. */
  readonly wrongApplication: number;
  readonly outageSeconds: number;
}

export interface SeriesPoint {
  /** The second these requests were sent in. */
  readonly tSeconds: number;
  readonly right: number;
  readonly failed: number;
  /** `null` when nothing was answered. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export interface EdgeView {
  readonly from: string;
  readonly to: string;
  readonly requestsPerSecond: number;
  readonly failedPerSecond: number;
}

export interface NodeView {
  readonly name: string;
  readonly zone: string;
  readonly kubelet: ProcessView;
  /** At most one per policy. */
  readonly routers: readonly RouterView[];
  /** Application pods placed on it; those of the flood are not (they are never placed). */
  readonly pods: readonly PodView[];
}

export interface RouterView extends ProcessView {
  readonly policy: Policy;
  readonly restarts: number;
  /** Its own control process, which may be dead while the workers serve. */
  readonly control: ProcessView;
  /** `/readyz` answers 200. */
  readonly ready: boolean;
  /** `null` before the first table and while it does not answer. */
  readonly generation: number | null;
  readonly source: "live" | "restored" | "stale" | null;
  /** Age of the newest evidence behind the table. */
  readonly ageSeconds: number | null;
  readonly routes: number | null;
  readonly held: number;
  readonly watch: "up" | "down";
}

export interface PodView {
  readonly name: string;
  readonly application: string;
  readonly ready: boolean;
  /** As kubectl prints it: `Running`, `Terminating`, `CrashLoopBackOff`. */
  readonly state: string;
}

export interface RouteView {
  readonly policy: Policy;
  /** `*` for any. */
  readonly host: string;
  readonly path: string;
  /** Endpoints in use. */
  readonly endpoints: number;
  /** `held`: its removal waits for proof, and it still serves. `gone`: some router of the fleet no longer has it. */
  readonly state: "live" | "stale" | "restored" | "held" | "gone";
  readonly generation: number | null;
  /** The held removal that concerns it. */
  readonly heldId: string | null;
}

export interface HeldView {
  readonly id: string;
  readonly policy: Policy;
  /** The routers that hold it. */
  readonly routers: readonly string[];
  /** What would be removed: `ingress shop/cart`, `endpoint 127.30.11.4:8080 of shop/cart`. */
  readonly keys: readonly string[];
  readonly sinceSeconds: number;
  /** Why it is held, one line. */
  readonly reason: string;
  /** What each source said, oldest first. */
  readonly evidence: readonly EvidenceView[];
  /** What would release it, one line. */
  readonly releasedBy: string;
}

export interface EvidenceView {
  /** Whose word it is: `Ingress on node-2`. */
  readonly source: string;
  readonly atSeconds: number;
  /** `complete list, 0 objects, resourceVersion 8123`. */
  readonly said: string;
}

export interface TimelineView {
  /** Unique and stable. */
  readonly id: string;
  readonly tSeconds: number;
  /** `API server killed (V8 out of memory), 3rd time`. */
  readonly event: string;
  /** `flood of 4,100 Pending pods`; `null` where there is none to name. */
  readonly cause: string | null;
  readonly tone: "plain" | "good" | "warning" | "alarm";
  /** The fleet it concerns; `null` for both or none. */
  readonly policy: Policy | null;
}

export interface FaultView {
  readonly id: string;
  /** `API server down`. */
  readonly label: string;
  readonly startedAtSeconds: number;
  /** `null` while it lasts. */
  readonly endedAtSeconds: number | null;
  /** Name of the action that ends it; `null` when it ends by itself. */
  readonly putBackAction: string | null;
  /** The target to give that action, if it takes one. */
  readonly putBackTarget: string | null;
}

/** One thing the page can do. */
export interface ActionView {
  /** `[a-z][a-z0-9-]*`; the last part of `POST /api/actions/NAME`. */
  readonly name: string;
  /** On the button: `Flood with pods`. */
  readonly label: string;
  /** What it will do, one line. */
  readonly description: string;
  /** `break` and `change` have a button in the panel; `put-back` is offered at its fault; `held` in the drawer of a held removal. */
  readonly kind: "break" | "change" | "put-back" | "held";
  readonly enabled: boolean;
  /** Why it can't be done now; `null` when enabled. */
  readonly whyNot: string | null;
  /** The action that undoes it; `null` when nothing has to. */
  readonly putBack: string | null;
  /** What it can be done to; empty when it takes no target. For `held` the target is the held removal's id. */
  readonly targets: readonly { readonly value: string; readonly label: string }[];
}

/** The names of the two actions in a held removal's drawer; kind `held`, target = its id. */
export const HELD_APPROVE = "held-approve";
export const HELD_REJECT = "held-reject";

/** What the owner of the console can do; implemented by the lab's orchestrator. */
export interface ConsoleActions {
  /** In the order of the buttons; called for every frame, so it must be cheap. */
  list(): readonly ActionView[];
  /**
   * Does it. Resolves when the thing is under way (not when its effects are over) with one line for people:
   * `Killed router-naive on node-2 (pid 4211).` Throws AppError with one line when it could not. The server has
   * checked that the action exists, is enabled, and that `target` is one of its targets (for kind `held`: is held).
   */
  run(name: string, target: string | null): Promise<string>;
}

/** One server-sent event, and the body of GET /api/snapshot: everything, so that a missed one costs nothing. */
export interface ConsoleFrame {
  /** Counts up from 1 while the server lives. */
  readonly sequence: number;
  readonly snapshot: ConsoleSnapshot;
  readonly actions: readonly ActionView[];
}

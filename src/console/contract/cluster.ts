import type { Policy, ProcessView } from "./process.ts";

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
  /** Age of the newest evidence behind the table; of a restored one, of the snapshot that it came from. */
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

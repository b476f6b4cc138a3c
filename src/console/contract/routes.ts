import type { Policy } from "./process.ts";

export const ROUTES_LIMIT = 200;

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
  /** Who holds it: routers by their nodes, or the controller of load balancers. */
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

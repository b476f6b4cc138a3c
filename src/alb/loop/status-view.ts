/** `/statusz`. Ages are seconds. */
export interface ControllerStatus {
  readonly clusterId: string;
  readonly controllerId: string;
  readonly identity: string;
  readonly leader: {
    readonly leading: boolean;
    readonly holder: string | null;
    readonly token: number | null;
    readonly problem: string | null;
  };
  /** Of AWS; null before it was asked. */
  readonly account: string | null;
  readonly removals: { readonly mode: "off" | "plan" | "on"; readonly stopped: string | null; readonly held: number };
  /** What was read of each source, and what it is worth. */
  readonly evidence: Readonly<Record<string, { readonly state: string; readonly ageSeconds: number | null; readonly why: string | null }>>;
  readonly lastReconcile: {
    readonly secondsAgo: number | null;
    readonly problems: readonly { readonly loadBalancer: string; readonly code: string; readonly message: string }[];
  };
  /** Objects not done as written. */
  readonly problems: readonly { readonly object: string; readonly reason: string; readonly message: string }[];
  readonly openCircuits: readonly string[];
  readonly startedAt: string;
}

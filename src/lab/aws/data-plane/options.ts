/** Where the load balancers of the account are served, and how late what is written takes effect there. */
export interface DataPlaneOptions {
  /** The control API of the process that hosts them. */
  readonly host: { readonly host: string; readonly port: number; readonly token: string };
  /** The first three numbers of addresses for load balancers, `127.30.2`; each has one in each of its zones. */
  readonly addressBlocks: readonly string[];
  /** Listeners on ports below 1024 listen so much higher, on 8080 and 8443 with 8000, and speak of the ports they have; 0 where one may bind them. */
  readonly lowPortOffset: number;
  /** How long after it was written something takes effect. */
  readonly delayMs: number;
  /** How long a target that drains still gets requests, beyond `delayMs`. */
  readonly deregisterDelayMs: number;
  /** What a second of a health check's interval and timeout lasts; less makes them faster than AWS's shortest. */
  readonly healthCheckSecondMs: number;
  /** How often the host is looked at. */
  readonly everyMs: number;
  /** How long after it was heard last the host counts as not heard, and DescribeTargetHealth as `HealthUnavailable`. */
  readonly unheardAfterMs: number;
}

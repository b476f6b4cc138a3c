import type { HealthCheck, Target } from "../../aws/index.ts";

/** What is the same for all load balancers of a controller. */
export interface AlbSettings {
  /** Of the routers, on every node or pod. */
  readonly targetPort: number;
  readonly targetType: "instance" | "ip";
  readonly healthCheck: HealthCheck;
  readonly httpPort: number;
  readonly httpsPort: number;
  /** 301 on the HTTP listener in place of forwarding. */
  readonly redirectHttp: boolean;
  readonly idleTimeoutSeconds: number;
  readonly deregistrationDelaySeconds: number;
}

/** The routers that should be targets. `isFresh`: whether that is known now, or only was. */
export interface WantedTargets {
  readonly targets: readonly Target[];
  readonly isFresh: boolean;
}

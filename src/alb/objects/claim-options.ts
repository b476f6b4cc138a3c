import type { AlbSettings } from "../settings.ts";

/** Which objects the controller serves, and what it takes them to ask for where they say nothing. */
export interface ClaimOptions {
  /** `--ingress-class-filter`: names of classes; an empty one stands for objects without a class. Undefined: the router's classes and objects without one. */
  readonly classes: readonly string[] | undefined;
  /** Hosts in this domain are reached inside the cluster and need no load balancer. */
  readonly clusterLocalDomain: string | undefined;
  readonly settings: Pick<AlbSettings, "type" | "scheme" | "targetType" | "targetProtocol">;
}

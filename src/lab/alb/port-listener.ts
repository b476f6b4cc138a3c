import type { Clock, Random } from "../../kernel/index.ts";
import type { Accounting } from "./accounting.ts";
import type { CertificateConfig, ListenerConfig, LoadBalancerAttributes } from "./config.ts";
import type { TargetGroup } from "./target-group.ts";

export interface ListenerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly accounting: Accounting;
  readonly loadBalancerName: string;
  readonly attributes: () => LoadBalancerAttributes;
  readonly certificates: () => readonly CertificateConfig[];
  readonly targetGroup: (name: string) => TargetGroup | undefined;
}

/** What listens on an address and a port and takes new rules without being closed. */
export interface PortListener {
  readonly port: number;
  /** Takes effect with the next request or connection; the port and the protocol stay. */
  configure(config: ListenerConfig): void;
  /** Throws AppError ALB_LISTEN. */
  start(): Promise<void>;
  close(): Promise<void>;
}

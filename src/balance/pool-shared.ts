import type { Clock, Random } from "../kernel/index.ts";
import type { EjectionOptions } from "./ejection.ts";
import type { HealthVersion } from "./endpoint-state.ts";

/** Bounds every pool obeys. */
export interface PoolLimits {
  /** Requests in flight to one endpoint, from this process. */
  readonly maxInFlight: number;
  readonly ejection: EjectionOptions;
  /** The zone this process is in, whose endpoints are preferred; undefined for no preference. */
  readonly zone: string | undefined;
}

/** What all pools of one balancer share. */
export interface PoolShared {
  readonly random: Random;
  readonly clock: Clock;
  readonly limits: PoolLimits;
  readonly version: HealthVersion;
}

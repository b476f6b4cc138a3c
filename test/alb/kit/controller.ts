import { type AlbOptions, type AlbSettings, type RunningAlb, startAlb } from "../../../src/alb/index.ts";
import { OBSERVE_TIMES } from "../../../src/alb/observe/observer.ts";
import { SETTINGS as DEFAULTS } from "../../../src/alb/plan/testing/desired-kit.ts";
import type { Clock } from "../../../src/kernel/index.ts";
import { MetricsRegistry, silentLog } from "../../../src/telemetry/index.ts";
import type { Bench } from "./bench.ts";
import { OWNERSHIP } from "./first-world.ts";

const STOP_MS = 10 * 60_000;
const REMOVALS_REST_MS = 10 * 60_000;

/** What the flags of `holdfast alb` say when nobody says anything; HTTP leads to HTTPS. */
export const SETTINGS: AlbSettings = {
  ...DEFAULTS,
  ...OWNERSHIP,
  vpcId: "vpc-1",
  healthCheck: { ...DEFAULTS.healthCheck, port: "9911", path: "/readyz", healthyThreshold: 3 },
  attributes: new Map([["idle_timeout.timeout_seconds", "60"]]),
  tags: new Map(),
};

export interface TestController {
  readonly running: RunningAlb;
  stop(): Promise<void>;
}

/** What it needs of a {@link Bench}; the account may be another one. */
export type ControllerBench = Pick<Bench, "clock" | "random" | "cluster"> & {
  readonly account: Pick<Bench["account"], "endpoint" | "region" | "credentials">;
};

export interface ControllerOptions {
  /** Ways to the account and the cluster that are not the straight ones. */
  readonly awsUrl?: string;
  readonly clusterUrl?: string;
  readonly identity?: string;
  /** Over {@link SETTINGS}. */
  readonly settings?: Partial<AlbSettings>;
  /** For targets of type `ip`. */
  readonly pods?: AlbOptions["pods"];
  readonly removalsRestMs?: number;
  /** `--ingress-class-filter`. */
  readonly classes?: readonly string[];
  /** The bench's without it. */
  readonly processClock?: Clock;
  /** 15 without it. */
  readonly leaseSeconds?: number;
  /** That of the flags without it. */
  readonly certificatesEveryMs?: number;
}

/** Starts the controller as `holdfast alb` does, in this process, on the bench's clock. */
export async function startController(
  bench: ControllerBench,
  {
    awsUrl,
    clusterUrl,
    identity = "one",
    settings = {},
    pods,
    processClock,
    leaseSeconds,
    certificatesEveryMs = OBSERVE_TIMES.certificatesMs,
    removalsRestMs = REMOVALS_REST_MS,
    classes,
  }: ControllerOptions = {},
): Promise<TestController> {
  const { clock, random, account, cluster } = bench;
  process.env["AWS_ACCESS_KEY_ID"] = account.credentials.accessKeyId;
  process.env["AWS_SECRET_ACCESS_KEY"] = account.credentials.secretAccessKey;
  process.env["AWS_EC2_METADATA_DISABLED"] = "true";
  const running = await startAlb(
    {
      settings: { ...SETTINGS, ...settings },
      ...(pods === undefined ? {} : { pods }),
      objects: { classes, clusterLocalDomain: undefined },
      cluster: { server: clusterUrl ?? cluster.url, credentials: { type: "token", token: cluster.token }, namespace: "default" },
      namespace: "default",
      identity,
      ...(leaseSeconds === undefined ? {} : { leaseSeconds }),
      region: account.region,
      endpoint: awsUrl ?? account.endpoint,
      excludedCertificates: new Set(),
      certificatesEveryMs,
      removals: "on",
      removalsRestMs,
      writesStatus: true,
      admin: { host: "127.0.0.1", port: 0 },
    },
    { clock: processClock ?? clock, random, log: silentLog, metrics: new MetricsRegistry() },
  );
  return { running, stop: () => clock.during(running.stop(), STOP_MS) };
}

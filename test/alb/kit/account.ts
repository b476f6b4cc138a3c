import type { Ownership } from "../../../src/alb/plan/ownership.ts";
import type { MetricQuery, MetricSample, MetricSource } from "../../../src/lab/aws/cloudwatch/cloudwatch.ts";
import type { FaultScript } from "../../../src/lab/aws/faults/fault.ts";
import type { CallRecord } from "../../../src/lab/aws/front/aws-front.ts";
import { startLabAws } from "../../../src/lab/aws/lab-aws.ts";
import { LAB_KEY, REGION, testOptions } from "../../../src/lab/aws/testing/test-account.ts";
import type { WorldStore } from "../../../src/lab/aws/world/world-store.ts";
import type { AwsWorld } from "../../../src/lab/aws/world/world.ts";
import { silentLog } from "../../../src/telemetry/index.ts";
import { OWNERSHIP, firstWorld } from "./first-world.ts";
import type { JumpingClock } from "./jumping-clock.ts";
import { lossesBetween } from "./losses.ts";
import type { LiveObject } from "./serving.ts";
import type { UnderWay } from "./under-way.ts";

const NODES_BOOT_MS = 30_000;
const MINUTE_MS = 60_000;

export interface AccountOptions {
  readonly clock: JumpingClock;
  readonly underWay: UnderWay;
  /** What the cluster's objects are now; asked after each change of the account. */
  readonly live: () => readonly LiveObject[];
  /** {@link firstWorld} without it. */
  readonly first?: AwsWorld;
  readonly ownership?: Ownership;
  /** What CloudWatch knows; that nobody uses anything without it. */
  readonly metrics?: MetricSource;
  /** After each call, when it is done and before it is answered. */
  readonly onCall?: (call: CallRecord) => void;
}

/** An account of the lab's AWS that somebody watches: after every call it is told what the call took from whom. */
export interface WatchedAccount {
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly region: string;
  readonly store: WorldStore;
  readonly faults: FaultScript;
  readonly calls: readonly CallRecord[];
  /** What was lost so far, each with the call after which it was. */
  readonly losses: readonly string[];
  /** Does to the account what somebody does by hand: what is lost by it is not the controller's. */
  byHand(change: (world: AwsWorld) => AwsWorld): void;
  close(): Promise<void>;
}

export async function startAccount({
  clock,
  underWay,
  live,
  first,
  ownership = OWNERSHIP,
  metrics,
  onCall,
}: AccountOptions): Promise<WatchedAccount> {
  const calls: CallRecord[] = [];
  const losses: string[] = [];
  const aws = await startLabAws({
    ...testOptions,
    clock,
    log: silentLog,
    first: first ?? firstWorld(clock.wallMs()),
    healthOf: () => ({ state: "healthy" }),
    instances: { bootMs: NODES_BOOT_MS, stopMs: 10_000, terminateMs: 10_000 },
    advanceEveryMs: 15_000,
    metrics: metrics ?? nobodySends,
    onCall(call) {
      underWay.met(call.fault);
      calls.push(call);
      look(`${call.action} (call ${calls.length}${call.fault === undefined ? "" : `, ${call.fault}`})`);
      onCall?.(call);
    },
  });
  let seen = aws.store.now;
  const look = (after: string): void => {
    const found = lossesBetween(seen, aws.store.now, { live: live(), ownership, nowMs: clock.wallMs() });
    losses.push(...found.map((loss) => `${loss}, after ${after}`));
    seen = aws.store.now;
  };
  if (first === undefined) await clock.pass(2 * NODES_BOOT_MS);
  look("the nodes' start");
  return {
    endpoint: `http://127.0.0.1:${aws.port}`,
    credentials: { accessKeyId: LAB_KEY.id, secretAccessKey: LAB_KEY.secret },
    region: REGION,
    store: aws.store,
    faults: aws.faults,
    calls,
    losses,
    byHand(change) {
      look("what came before a change by hand");
      aws.store.put(change(aws.store.now), clock.wallMs());
      seen = aws.store.now;
    },
    close: () => aws.close(),
  };
}

/** What CloudWatch has of a load balancer without requests: the metric that is always reported, in every minute. */
function nobodySends({ name, fromMs, toMs }: MetricQuery): readonly MetricSample[] {
  if (name !== "ConsumedLCUs") return [];
  const first = Math.ceil(fromMs / MINUTE_MS);
  return Array.from({ length: Math.max(0, Math.ceil(toMs / MINUTE_MS) - first) }, (_none, at) => ({
    atMs: (first + at) * MINUTE_MS,
    value: 0.01,
  }));
}

import type { TestContext } from "node:test";
import type { CallRecord } from "../../../src/lab/aws/front/aws-front.ts";
import { type Bench, type Snapshot, snapshotOf, startBench } from "../kit/bench.ts";
import { type Manifest, ingressClass } from "../kit/cluster.ts";
import { type ControllerOptions, type TestController, startController } from "../kit/controller.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
/** So that it is renewed less often than time can go by here. */
const LEASE_SECONDS = 300;

/** A controller at work in a cluster and an account. */
export interface Running extends Bench {
  readonly controller: TestController;
  /** Another one beside it. */
  start(options: ControllerOptions): Promise<TestController>;
  /** Calls that are not reads, from the so-many-th call on. */
  writesSince(call: number): readonly string[];
  /** Waits until all that the objects need is there. */
  served(withinMs?: number): Promise<void>;
}

export interface RunOptions extends Omit<ControllerOptions, "clusterUrl"> {
  /** A way to the API server that is not the straight one. */
  readonly clusterUrlOf?: (clusterUrl: string) => Promise<string>;
  /** Goes on from there in place of a cluster and an account in which nothing is the controller's. */
  readonly from?: Snapshot;
  readonly onCall?: (call: CallRecord) => void;
}

/** Starts both, with objects, until the test ends. */
export async function run(
  t: TestContext,
  objects: readonly Manifest[],
  { from, onCall, clusterUrlOf, ...options }: RunOptions = {},
): Promise<Running> {
  const bench = await startBench({ ...(from === undefined ? {} : { from }), ...(onCall === undefined ? {} : { onCall }) });
  for (const object of from === undefined ? [ingressClass("holdfast.dev/alb"), ...objects] : objects) await bench.cluster.put(object);
  const controllers: TestController[] = [];
  const start = async (of: ControllerOptions): Promise<TestController> => {
    const controller = await startController(bench, { removalsRestMs: 0, leaseSeconds: LEASE_SECONDS, ...of });
    controllers.push(controller);
    return controller;
  };
  t.after(async () => {
    for (const controller of controllers) await controller.stop();
    await bench.close();
  });
  const clusterUrl = await clusterUrlOf?.(bench.cluster.url);
  return runningOf(bench, await start({ ...options, ...(clusterUrl === undefined ? {} : { clusterUrl }) }), start);
}

function runningOf(bench: Bench, controller: TestController, start: Running["start"]): Running {
  const { account, clock } = bench;
  return {
    ...bench,
    controller,
    start,
    writesSince: (call) =>
      account.calls
        .slice(call)
        .map(({ action }) => action)
        .filter((action) => !/^(Describe|List|Get)/.test(action)),
    served: (withinMs = HOUR_MS) => clock.until("all that is needed", () => bench.leftovers().length === 0, withinMs),
  };
}

/** What there is once objects are served and nothing is left to do: other runs begin with it. */
export async function servedSnapshot(objects: readonly Manifest[], options: ControllerOptions = {}): Promise<Snapshot> {
  const bench = await startBench();
  try {
    for (const object of [ingressClass("holdfast.dev/alb"), ...objects]) await bench.cluster.put(object);
    const controller = await startController(bench, { leaseSeconds: LEASE_SECONDS, ...options });
    await bench.clock.until("all that is needed", () => bench.leftovers().length === 0, HOUR_MS);
    await bench.clock.pass(10 * MINUTE_MS);
    await controller.stop();
    return await snapshotOf(bench);
  } finally {
    await bench.close();
  }
}

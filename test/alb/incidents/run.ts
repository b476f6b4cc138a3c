import type { TestContext } from "node:test";
import type { CallRecord } from "../../../src/lab/aws/front/aws-front.ts";
import { type Bench, type Snapshot, startBench } from "../kit/bench.ts";
import { type Manifest, ingressClass } from "../kit/cluster.ts";
import { type ControllerOptions, type TestController, startController } from "../kit/controller.ts";

export const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A controller at work in a cluster and an account. */
export interface Running extends Bench {
  readonly controller: TestController;
  /** Calls that are not reads, from the so-many-th call on. */
  writesSince(call: number): readonly string[];
  /** Waits until all that the objects need is there. */
  served(withinMs?: number): Promise<void>;
  /** What the controller says at a path of its admin listener. */
  told(path: string): Promise<string>;
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
  const controller = await startController(bench, {
    ...options,
    ...(clusterUrlOf === undefined ? {} : { clusterUrl: await clusterUrlOf(bench.cluster.url) }),
  });
  t.after(async () => {
    await controller.stop();
    await bench.close();
  });
  return runningOf(bench, controller);
}

function runningOf(bench: Bench, controller: TestController): Running {
  const { account, clock } = bench;
  return {
    ...bench,
    controller,
    writesSince: (call) =>
      account.calls
        .slice(call)
        .map(({ action }) => action)
        .filter((action) => !/^(Describe|List|Get)/.test(action)),
    served: (withinMs = HOUR_MS) => clock.until("all that is needed", () => bench.leftovers().length === 0, withinMs),
    told: async (path) =>
      clock.during(
        fetch(`http://127.0.0.1:${controller.running.adminPort}${path}`).then((answer) => answer.text()),
        MINUTE_MS,
      ),
  };
}

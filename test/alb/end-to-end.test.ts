import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { labPlace } from "./end-to-end/lab-place.ts";
import { motoPlace } from "./end-to-end/moto-place.ts";
import { tellStory } from "./end-to-end/story.ts";
import { type TestCluster, startCluster } from "./kit/cluster.ts";
import { JumpingClock } from "./kit/jumping-clock.ts";
import { NOT_RUN, hasMoto } from "./kit/moto.ts";
import { UnderWay } from "./kit/under-way.ts";

/** The clock's zero. moto believes no certificate of another year than its own. */
const EPOCH_MS = 1_700_000_000_000;
/** Hours that are waited for cost half a minute: .ci/nightly does. */
const removal = process.env["HOLDFAST_ALB_REMOVAL"] === "proven" ? "proven" : "approved";

interface Stage {
  readonly clock: JumpingClock;
  readonly underWay: UnderWay;
  readonly cluster: TestCluster;
}

async function stage(t: TestContext): Promise<Stage> {
  const underWay = new UnderWay();
  const clock = new JumpingClock(underWay, Date.now() - EPOCH_MS);
  const cluster = await startCluster();
  t.after(async () => {
    await cluster.close();
    clock.close();
    underWay.close();
  });
  return { clock, underWay, cluster };
}

test(`the controller from end to end, with the lab's AWS; a removal is ${removal}`, async (t) => {
  const set = await stage(t);
  const place = await labPlace(t, set);
  await tellStory(t, { ...set, place, removal });
  assert.deepEqual(place.losses, []);
});

if (hasMoto) {
  test(`the controller from end to end, with moto's AWS; a removal is ${removal}`, async (t) => {
    const set = await stage(t);
    await tellStory(t, { ...set, place: await motoPlace(t, set.clock), removal });
  });
} else process.stdout.write(`not run: the controller from end to end with moto ${NOT_RUN}\n`);

import type { TestContext } from "node:test";
import { startAccount } from "../kit/account.ts";
import type { TestCluster } from "../kit/cluster.ts";
import type { JumpingClock } from "../kit/jumping-clock.ts";
import type { UnderWay } from "../kit/under-way.ts";
import { type Place, sdkOf } from "./place.ts";

/** The lab's AWS. What clients lose in it, the watcher sees. */
export async function labPlace(
  t: TestContext,
  kit: { readonly clock: JumpingClock; readonly underWay: UnderWay; readonly cluster: TestCluster },
): Promise<Place & { readonly losses: readonly string[] }> {
  const account = await startAccount({ ...kit, live: kit.cluster.live });
  t.after(() => account.close());
  const { endpoint, region, credentials, losses } = account;
  return {
    endpoint,
    region,
    credentials,
    sdk: sdkOf(t, account),
    losses,
    // The account's metrics say so of themselves.
    nobodySends: () => Promise.resolve(),
  };
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { ingress } from "../kit/cluster.ts";
import { type Link, openLink } from "../kit/link.ts";
import { MINUTE_MS, run, servedSnapshot } from "./run.ts";

const served = servedSnapshot([ingress("shop", ["shop.example.org"])]);

test("L13: another one that leads because the first is cut off changes nothing, and goes on where that one was", async (t) => {
  let link: Link | undefined;
  const it = await run(t, [], { from: await served, leaseSeconds: 15, clusterUrlOf: async (url) => (link = await openLink(url)).url });
  t.after(() => link?.close());
  await it.clock.pass(MINUTE_MS);
  const other = await it.start({ identity: "two", leaseSeconds: 15 });
  await it.clock.pass(MINUTE_MS);
  const calls = it.account.calls.length;
  link?.cut();
  const leads = async (): Promise<boolean> =>
    /"leading":\s*true/.test(await (await fetch(`http://127.0.0.1:${other.running.adminPort}/statusz`)).text());
  await it.clock.until("the other one leads", leads, MINUTE_MS);
  await it.clock.pass(5 * MINUTE_MS);
  assert.deepEqual(it.writesSince(calls), []);
  await it.cluster.put(ingress("own", ["own.example.org"], { "zalando.org/aws-load-balancer-shared": "false" }));
  await it.served();
  assert.deepEqual(it.losses(), []);
});

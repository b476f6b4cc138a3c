import assert from "node:assert/strict";
import { test } from "node:test";
import { ownedAs } from "../../../src/alb/plan/ownership.ts";
import { ingress } from "../kit/cluster.ts";
import { OWNERSHIP } from "../kit/first-world.ts";
import { MINUTE_MS, run } from "./run.ts";

test("K16: a load balancer that AWS refuses is asked for under one name and not faster and faster, costs the others nothing, and is made as soon as AWS takes it", async (t) => {
  const it = await run(t, [ingress("shop", ["shop.example.org"])]);
  await it.served();
  const { account, clock } = it;
  account.faults.add({
    id: "refused",
    action: "CreateLoadBalancer",
    from: 1,
    count: Infinity,
    fault: { kind: "error", status: 400, code: "InvalidSubnet", message: "Not enough IP space available" },
  });
  await it.cluster.put(ingress("own", ["own.example.org"], { "zalando.org/aws-load-balancer-shared": "false" }));
  await clock.pass(10 * MINUTE_MS);
  const tried = account.calls.filter(({ action }) => action === "CreateLoadBalancer").length - 1;
  assert.ok(tried > 5 && tried < 60, `asked for ${tried} times in ten minutes`);
  const ours = ({ arn }: { readonly arn: string }): string | undefined => ownedAs(account.store.now.tags.get(arn) ?? new Map(), OWNERSHIP);
  const groups = (): readonly string[] => [...account.store.now.targetGroups.values()].flatMap((one) => ours(one) ?? []);
  assert.equal(groups().length, 2);
  await it.cluster.put(ingress("www", ["www.example.org"]));
  const isServed = (): boolean => it.cluster.live().some(({ owner, statusHosts }) => owner.endsWith("/www") && statusHosts.length === 1);
  await clock.until("www is served", isServed, 5 * MINUTE_MS);
  account.faults.clear();
  await it.served(2 * MINUTE_MS);
  const names = [...account.store.now.loadBalancers.values()].flatMap((one) => ours(one) ?? []);
  assert.deepEqual(groups().toSorted(), names.toSorted());
  assert.deepEqual(it.losses(), []);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { type ApiLie, type ApiProxy, startApiProxy } from "../kit/api-proxy.ts";
import { ingress, routeGroup } from "../kit/cluster.ts";
import { MINUTE_MS, run } from "./run.ts";

/** Longer than kube-ingress-aws-controller waited. */
const LASTS_MS = 65 * MINUTE_MS;

test("K4, K5: an hour of empty lists, and one of RouteGroups that are forbidden, takes no load balancer, and both are followed again when it is over", async (t) => {
  let api: ApiProxy | undefined;
  t.after(() => api?.close());
  const own = { "zalando.org/aws-load-balancer-shared": "false" };
  const it = await run(t, [ingress("shop", ["shop.example.org"]), routeGroup("api", ["api.example.org"], own)], {
    clusterUrlOf: async (url) => (api = await startApiProxy(url)).url,
    leaseSeconds: 900,
  });
  await it.served();
  await it.clock.pass(3 * MINUTE_MS);
  const before = it.settled();
  const calls = it.account.calls.length;
  const lies: readonly (readonly [RegExp, ApiLie])[] = [
    [/ingresses|routegroups/, "empty"],
    [/routegroups/, 403],
  ];
  for (const [path, answer] of lies) {
    api?.lie(path, answer);
    await it.clock.pass(LASTS_MS);
    assert.deepEqual(it.settled(), before);
    assert.deepEqual(it.writesSince(calls), []);
    api?.tellTheTruth();
  }
  assert.ok((api?.lies ?? 0) > 10);
  await it.cluster.put(routeGroup("new", ["new.example.org"], own));
  await it.served();
  assert.deepEqual(it.losses(), []);
});

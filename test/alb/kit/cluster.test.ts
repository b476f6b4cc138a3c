import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../../src/kernel/testing/until.ts";
import { ingress, ingressClass, routeGroup, startCluster } from "./cluster.ts";

test("the mirror of a cluster's objects follows what is made, changed and removed, over a restart", async (t) => {
  const changes: string[] = [];
  const cluster = await startCluster((was, is) => changes.push(`${was?.owner ?? "nothing"} → ${is?.owner ?? "nothing"}`));
  t.after(() => cluster.close());
  await cluster.put(ingressClass("holdfast.dev/alb"));
  await cluster.put(ingress("shop", ["shop.example.org"]));
  await cluster.put(routeGroup("api", ["api.example.org"]));
  await until("both", () => cluster.live().length === 2, 30_000);
  assert.deepEqual(
    cluster.live().find(({ owner }) => owner === "RouteGroup default/api"),
    { owner: "RouteGroup default/api", hosts: ["api.example.org"], statusHosts: [] },
  );
  await cluster.put(ingress("shop", ["shop.example.org", "www.example.org"]));
  await until("the other host", () => cluster.live().some(({ hosts }) => hosts.includes("www.example.org")), 30_000);
  await cluster.stop();
  await cluster.restart();
  await cluster.remove("Ingress", "shop");
  await until("one left", () => cluster.live().length === 1, 30_000);
  assert.ok(changes.includes("Ingress default/shop → nothing"));
});

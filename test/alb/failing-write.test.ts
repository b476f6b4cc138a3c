import assert from "node:assert/strict";
import { test } from "node:test";
import { startBench } from "./kit/bench.ts";
import { ingress, ingressClass } from "./kit/cluster.ts";
import { startController } from "./kit/controller.ts";

const MINUTE_MS = 60_000;

test("a write that AWS refuses for long is tried again two or three times a minute, however often objects change meanwhile", async (t) => {
  const bench = await startBench();
  const { clock, cluster, account } = bench;
  account.faults.add({
    id: "denied",
    action: "CreateTargetGroup",
    from: 1,
    count: Infinity,
    fault: { kind: "error", status: 403, code: "AccessDenied", message: "is not authorized to perform" },
  });
  const controller = await startController(bench, { leaseSeconds: 900 });
  t.after(async () => {
    await controller.stop();
    await bench.close();
  });
  await cluster.put(ingressClass("holdfast.dev/alb"));
  for (let minute = 0; minute < 4; minute++) {
    await cluster.put(ingress("shop", ["shop.example.org"], { changed: String(minute) }));
    await clock.pass(MINUTE_MS + minute * 500);
  }
  const tried = (): number => account.calls.filter(({ action }) => action === "CreateTargetGroup").length;
  const before = tried();
  await clock.pass(10 * MINUTE_MS);
  const aMinute = (tried() - before) / 10;
  assert.ok(aMinute >= 1 && aMinute <= 3, `${aMinute} a minute`);
  account.faults.clear();
  await clock.until("the Ingress has its load balancer", () => bench.leftovers().length === 0, 5 * MINUTE_MS);
});

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { holdfast } from "../router-kit.ts";
import { type ApiLie, type ApiProxy, startApiProxy } from "./kit/api-proxy.ts";
import { type Bench, startBench } from "./kit/bench.ts";
import { ingress, ingressClass, routeGroup } from "./kit/cluster.ts";
import { type TestController, startController } from "./kit/controller.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** `npm run schedules:alb` goes on for longer. */
const OUTAGE_MS = 5 * MINUTE_MS;
/** Renewed seldom, so that the test is short; lost within an outage. */
const LEASE_SECONDS = 120;
/** After half an hour an object that every list lacks is asked for no more. */
const BELIEVED_MS = 40 * MINUTE_MS;

interface Rig {
  readonly bench: Bench;
  readonly api: ApiProxy;
  readonly controller: TestController;
  ask(path: string): Promise<string>;
}

/** A controller that has made everything for three Ingresses and a RouteGroup, and comes to its API server by a way on which somebody can lie. */
async function served(t: TestContext): Promise<Rig> {
  const bench = await startBench();
  const { cluster, clock } = bench;
  const api = await startApiProxy(cluster.url, bench.underWay.hangs);
  await cluster.put(ingressClass("holdfast.dev/alb"));
  await cluster.put(ingress("own", ["own.example.org"], { "zalando.org/aws-load-balancer-shared": "false" }));
  await cluster.put(ingress("shop", ["elsewhere.example.com"]));
  await cluster.put(ingress("www", ["www.example.org"]));
  await cluster.put(routeGroup("api", ["api.example.org"]));
  const controller = await startController(bench, { clusterUrl: api.url, leaseSeconds: LEASE_SECONDS });
  t.after(async () => {
    api.tellTheTruth();
    await controller.stop();
    await api.close();
    await bench.close();
  });
  await clock.until("everything", () => bench.leftovers().length === 0, HOUR_MS);
  await clock.pass(10 * MINUTE_MS);
  const ask = async (path: string): Promise<string> => {
    const answer = await fetch(`http://127.0.0.1:${controller.running.adminPort}${path}`);
    return `${answer.status} ${await answer.text()}`;
  };
  return { bench, api, controller, ask };
}

interface Outage {
  readonly what: string;
  readonly path: RegExp;
  readonly answer: ApiLie;
  /** What it says of it: in `/statusz`, `/metrics` or `/held`. */
  readonly told: readonly (readonly [path: string, text: RegExp])[];
}

const ALL = /./;
const LEADS_NOT: Outage["told"] = [
  ["/statusz", /"leading": false/],
  ["/metrics", /^holdfast_alb_leader 0$/m],
  ["/metrics", /^holdfast_alb_evidence_fresh\{source="objects"\} 0$/m],
];

const outages: readonly Outage[] = [
  {
    what: "every list is empty",
    path: /ingresses|routegroups|ingressclasses/,
    answer: "empty",
    told: [
      ["/held", /missing, zero/],
      ["/metrics", /^holdfast_alb_held\{kind="Ingress"\} 3$/m],
    ],
  },
  {
    what: "lists lack every other object",
    path: /ingresses|routegroups/,
    answer: "half",
    told: [["/held", /shop|port 443 certificate/]],
  },
  { what: "RouteGroups are not found", path: /routegroups/, answer: 404, told: [["/statusz", /"state": "stale"[^}]*404/]] },
  { what: "all kinds are `{}`", path: /ingresses|routegroups/, answer: "no-list", told: [["/statusz", /"state": "stale"/]] },
  { what: "nothing is allowed any more", path: ALL, answer: 403, told: LEADS_NOT },
  { what: "the API server fails", path: ALL, answer: 500, told: LEADS_NOT },
  { what: "the API server says nothing", path: ALL, answer: "hang", told: LEADS_NOT },
  { what: "the API server is gone", path: ALL, answer: "gone", told: LEADS_NOT },
];

test("P1, P2: whatever the API server says or does not say, load balancers, listeners, certificates, targets and statuses stay, and it is told", async (t) => {
  const { bench, api, ask, controller } = await served(t);
  const { account, clock } = bench;
  const before = bench.settled();
  assert.ok(before.some((line) => line.startsWith("Ingress default/shop is at hf-lab-")));
  const writes = (): readonly string[] =>
    account.calls.map(({ action }) => action).filter((action) => !/^(Describe|List|Get)/.test(action));
  const made = writes().length;
  for (const { what, path, answer, told } of outages)
    await t.test(what, async () => {
      const lies = api.lies;
      api.lie(path, answer);
      await clock.pass(answer === "half" ? BELIEVED_MS : OUTAGE_MS);
      assert.ok(api.lies > lies, "nobody was lied to");
      assert.deepEqual(bench.settled(), before);
      assert.deepEqual(writes().slice(made), []);
      assert.deepEqual(bench.losses(), []);
      for (const probe of ["/livez", "/readyz"]) assert.equal(await ask(probe), "200 ok\n");
      for (const [page, text] of told) assert.match(await ask(page), text);
      if (answer === "empty") {
        const status = holdfast(t, ["hold", "status", "--admin", `127.0.0.1:${controller.running.adminPort}`]);
        assert.equal(await status.ended, 0, status.stderr());
        assert.match(status.stdout(), /^ingresses-\d+ /m);
      }
      api.tellTheTruth();
      for (let minutes = 1; !(await isWell(ask)); minutes++) {
        assert.ok(minutes <= 60, "it leads, knows all objects, and holds nothing");
        await clock.pass(MINUTE_MS);
      }
      assert.deepEqual(bench.settled(), before);
      assert.deepEqual(writes().slice(made), []);
      assert.deepEqual(bench.losses(), []);
    });
});

async function isWell(ask: Rig["ask"]): Promise<boolean> {
  const status = await ask("/statusz");
  return /"leading": true/.test(status) && /"objects": \{\s*"state": "fresh"/.test(status) && /"held": \[\]/.test(await ask("/held"));
}

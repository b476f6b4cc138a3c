import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { HeldView } from "../../../src/admin/index.ts";
import { seededRandom } from "../../../src/kernel/index.ts";
import { type TestController, startController } from "../kit/controller.ts";
import { type TestCluster, ingress, ingressClass, routeGroup } from "../kit/cluster.ts";
import type { JumpingClock } from "../kit/jumping-clock.ts";
import { countCalls } from "./counted-calls.ts";
import type { Place } from "./place.ts";
import { OWN_NAME, changed, expected, withoutOwn } from "./expected.ts";
import { shownBy } from "./shown.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Held for three hours, in quarantine for one and a half. */
const PROOF_MS = 4.5 * HOUR_MS;
const ANYBODY = { "alb.ingress.kubernetes.io/inbound-cidrs": "0.0.0.0/0" };
const OWN = { ...ANYBODY, "zalando.org/aws-load-balancer-shared": "false" };
/** The lease is renewed seldom: each renewal costs a turn of the clock. */
const LEASE_SECONDS = 900;

export interface Scene {
  readonly clock: JumpingClock;
  readonly cluster: TestCluster;
  readonly place: Place;
  /** `proven`: hours are waited for; `approved`: a person says that what is held may go. */
  readonly removal: "proven" | "approved";
}

/**
 * The same for every account, seen through AWS's own clients: objects get their load balancers; a process that begins anew writes nothing; a changed
 * annotation is followed; a load balancer goes when nobody needs it and that is proven; what is somebody else's stays as it is.
 */
export async function tellStory(t: TestContext, { clock, cluster, place, removal }: Scene): Promise<void> {
  const calls = await countCalls(place.endpoint, place.mend);
  t.after(() => calls.close());
  const writes = (): readonly string[] => calls.actions.filter((action) => !/^(Describe|List|Get)/.test(action));
  const bench = { clock, random: seededRandom(1), account: place, cluster };
  let running: TestController | undefined;
  const stop = async (): Promise<void> => {
    await running?.stop();
    running = undefined;
  };
  const start = async (identity: string): Promise<void> => {
    running = await startController(bench, {
      awsUrl: calls.endpoint,
      identity,
      leaseSeconds: LEASE_SECONDS,
      settings: { vpcId: undefined },
    });
  };
  try {
    const { ours: nothing, others } = await shownBy(place.sdk);
    assert.deepEqual(nothing, []);
    assert.ok(others.length >= 2, "somebody else has a load balancer and a target group");

    await cluster.put(ingressClass("holdfast.dev/alb"));
    await cluster.put(ingress("shop", ["shop.example.org"], ANYBODY));
    await cluster.put(ingress("www", ["www.example.org"], ANYBODY));
    await cluster.put(routeGroup("api", ["api.example.org"]));
    await cluster.put(ingress("own", ["own.example.org"], OWN));
    await cluster.put(ingress("tcp", ["tcp.example.org"], { "zalando.org/aws-load-balancer-type": "nlb" }));
    await start("first");
    const isServed = (): boolean => cluster.live().length === 5 && cluster.live().every(({ statusHosts }) => statusHosts.length === 1);
    await clock.until("a load balancer in every object's status", isServed, HOUR_MS);
    await clock.pass(MINUTE_MS);
    assert.deepEqual((await shownBy(place.sdk)).ours, expected);
    assert.deepEqual(await whereServed(place, cluster), {
      "Ingress default/shop": "hf-lab-1faf9d0bad-0",
      "Ingress default/www": "hf-lab-1faf9d0bad-0",
      "RouteGroup default/api": "hf-lab-f6d55edc03-0",
      "Ingress default/own": OWN_NAME,
      "Ingress default/tcp": "hf-lab-526b2ba45c-0",
    });
    await stop();

    const before = writes().length;
    assert.ok(before > 0);
    await start("second");
    await clock.pass(20 * MINUTE_MS);
    assert.deepEqual(writes().slice(before), [], "what is as it should be is not written");

    await cluster.put(
      ingress("own", ["own.example.org"], {
        ...OWN,
        "zalando.org/aws-load-balancer-ssl-policy": "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
      }),
    );
    await clock.until("the other policy", () => writes().length > before, HOUR_MS);
    await clock.pass(5 * MINUTE_MS);
    assert.deepEqual(writes().slice(before), ["ModifyListener"]);
    assert.deepEqual((await shownBy(place.sdk)).ours, changed);

    await place.nobodySends(await arnOf(place, OWN_NAME));
    await cluster.remove("Ingress", "own");
    const removedAtMs = clock.monoMs();
    const went = async (what: string, action: string): Promise<void> => {
      const isDone = (): boolean => writes().includes(action);
      if (removal === "proven") return clock.until(`${what} is gone`, isDone, 8 * HOUR_MS);
      const sinceMs = clock.monoMs();
      while (!isDone()) {
        assert.ok(clock.monoMs() - sinceMs < HOUR_MS, `${what} is there`);
        await clock.pass(5 * MINUTE_MS);
        await approveAll(running?.running.adminPort);
      }
      return undefined;
    };
    await clock.pass(10 * MINUTE_MS);
    await went("its load balancer", "DeleteLoadBalancer");
    const afterMs = clock.monoMs() - removedAtMs;
    if (removal === "proven") assert.ok(afterMs >= PROOF_MS, `it went after ${Math.round(afterMs / MINUTE_MS)} minutes`);
    await went("its target group", "DeleteTargetGroup");
    await went("its security group", "DeleteSecurityGroup");
    assert.deepEqual((await shownBy(place.sdk)).ours, withoutOwn);
    assert.deepEqual((await shownBy(place.sdk)).others, others);
  } finally {
    await stop();
  }
}

/** Says that all that is held now may go; what waits no more by then is not there to be approved. */
async function approveAll(adminPort: number | undefined): Promise<void> {
  const url = `http://127.0.0.1:${adminPort}/held`;
  const { held } = (await (await fetch(url)).json()) as HeldView;
  const body = JSON.stringify({ principal: "a test", reason: "moved away", ttlSeconds: 3600 });
  for (const { id } of held) await (await fetch(`${url}/${id}/approve`, { method: "POST", body })).text();
}

async function whereServed({ sdk }: Place, cluster: TestCluster): Promise<Readonly<Record<string, string | undefined>>> {
  const names = new Map(
    ((await sdk.elb.describeLoadBalancers({})).LoadBalancers ?? []).map((one) => [one.DNSName?.toLowerCase(), one.LoadBalancerName]),
  );
  return Object.fromEntries(cluster.live().map(({ owner, statusHosts: [host] }) => [owner, names.get(host)]));
}

async function arnOf({ sdk }: Place, name: string): Promise<string> {
  const { LoadBalancers = [] } = await sdk.elb.describeLoadBalancers({ Names: [name] });
  const arn = LoadBalancers[0]?.LoadBalancerArn;
  assert.ok(arn !== undefined);
  return arn;
}

import assert from "node:assert/strict";
import { userInfo } from "node:os";
import { type TestContext, test } from "node:test";
import type { LoadBalancersView } from "../../src/alb/index.ts";
import { systemClock } from "../../src/kernel/index.ts";
import { freePort } from "../../src/kernel/testing/free-port.ts";
import { until } from "../../src/kernel/testing/until.ts";
import { LAB_KEY, REGION, type TestAccount, testAccount } from "../../src/lab/aws/testing/test-account.ts";
import { holdfast } from "../router-kit.ts";
import { ingress, ingressClass, startCluster } from "./kit/cluster.ts";
import { OWNERSHIP, firstWorld } from "./kit/first-world.ts";
import { settled } from "./kit/end-state.ts";

const PATIENCE_MS = 30_000;
const ENV = { AWS_ACCESS_KEY_ID: LAB_KEY.id, AWS_SECRET_ACCESS_KEY: LAB_KEY.secret, AWS_EC2_METADATA_DISABLED: "true" };

/** A cluster, an account, and `holdfast alb` between them. */
async function controlled(t: TestContext) {
  const cluster = await startCluster();
  t.after(() => cluster.close());
  const account: TestAccount = await testAccount(t, { world: firstWorld(Date.now()), realClock: systemClock, provisioningMs: 500 });
  account.health.get = () => ({ state: "healthy" });
  const common = [
    "alb",
    `--cluster-id=${OWNERSHIP.clusterId}`,
    `--controller-id=${OWNERSHIP.controllerId}`,
    `--kubeconfig=${cluster.kubeconfigFile}`,
    `--region=${REGION}`,
    `--endpoint=${account.url}`,
  ];
  const start = async (...more: string[]) => {
    const port = await freePort();
    const program = holdfast(t, [...common, ...more, `--admin=127.0.0.1:${port}`], ENV);
    const get = async (path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`);
    return {
      program,
      admin: `127.0.0.1:${port}`,
      get,
      async status(): Promise<{ readonly leader: { readonly leading: boolean }; readonly problems: readonly unknown[] }> {
        return (await (await get("/statusz")).json()) as never;
      },
    };
  };
  const ours = (): readonly string[] => settled(account.store.now, cluster.live(), OWNERSHIP);
  return { cluster, account, common, start, ours };
}

test("an Ingress gets its load balancer; another process takes over when the first one ends, and changes nothing", async (t) => {
  const { cluster, account, common, start, ours } = await controlled(t);
  await cluster.put(ingressClass("holdfast.dev/alb"));
  await cluster.put(ingress("shop", ["shop.example.org"], { "alb.ingress.kubernetes.io/inbound-cidrs": "0.0.0.0/0" }));
  const writes = (): number => account.calls.filter(({ action }) => !/^(Describe|List|Get)/.test(action)).length;
  const dry = holdfast(t, [...common, "--dry-run"], ENV);
  assert.equal(await dry.ended, 1, dry.stderr());
  assert.match(dry.stdout(), /\+ /);
  assert.equal(writes(), 0, "a dry run writes nothing");

  const first = await start();
  await until("it leads", async () => (await first.status()).leader.leading, PATIENCE_MS);
  await until("a load balancer with both listeners", () => ours().filter((line) => line.startsWith("listener ")).length === 2, PATIENCE_MS);
  await until("nothing is left to do", async () => (await (await first.get("/plan")).text()).startsWith("Nothing to do"), PATIENCE_MS);
  await until("all nodes are targets", () => ours().some((line) => line.includes(" 6 targets ")), PATIENCE_MS);
  await until("the object says where it is served", () => cluster.live().every(({ statusHosts }) => statusHosts.length === 1), PATIENCE_MS);
  const made = ours();
  const metrics = await (await first.get("/metrics")).text();
  for (const line of [
    /^holdfast_alb_leader 1$/m,
    /^holdfast_alb_load_balancers_total 1$/m,
    /^holdfast_alb_changes_total\{.*create-load-balancer.*\} 1$/m,
  ])
    assert.match(metrics, line);
  const { loadBalancers } = (await (await first.get("/load-balancers")).json()) as LoadBalancersView;
  assert.deepEqual(
    loadBalancers.map(({ type, owners, listeners }) => ({ type, owners, ports: listeners.map(({ port }) => port) })),
    [{ type: "application", owners: ["Ingress default/shop"], ports: [80, 443] }],
  );
  const held = holdfast(t, ["hold", "status", "--admin", first.admin]);
  assert.equal(await held.ended, 0, held.stderr());
  assert.equal(held.stdout(), "nothing is held\n");

  const before = writes();
  const second = await start();
  await until("it stands by", async () => !(await second.status()).leader.leading, PATIENCE_MS);
  first.program.child.kill("SIGTERM");
  assert.equal(await first.program.ended, 0, first.program.stderr());
  await until("the second one leads", async () => (await second.status()).leader.leading, PATIENCE_MS);
  await until("and finds nothing to do", async () => (await (await second.get("/plan")).text()).startsWith("Nothing to do"), PATIENCE_MS);
  assert.deepEqual(ours(), made);
  assert.equal(writes(), before);
});

test("a load balancer that nobody needs any more is held, shown with its reason, and deleted after an approval; the other one stays", async (t) => {
  const { cluster, account, start, ours } = await controlled(t);
  const cidrs = { "alb.ingress.kubernetes.io/inbound-cidrs": "0.0.0.0/0" };
  await cluster.put(ingressClass("holdfast.dev/alb"));
  await cluster.put(ingress("shop", ["shop.example.org"], cidrs));
  await cluster.put(ingress("own", ["api.example.org"], { ...cidrs, "zalando.org/aws-load-balancer-shared": "false" }));
  const controller = await start("--removals-rest=0");
  const deleted = (): readonly string[] => account.calls.map(({ action }) => action).filter((action) => action === "DeleteLoadBalancer");
  const served = (): boolean => cluster.live().length === 2 && cluster.live().every(({ statusHosts }) => statusHosts.length === 1);
  await until("both are served", served, PATIENCE_MS);
  await cluster.remove("Ingress", "own");
  const hold = async (...args: string[]): Promise<string> => {
    const program = holdfast(t, ["hold", ...args, "--admin", controller.admin]);
    assert.equal(await program.ended, 0, program.stderr());
    return program.stdout();
  };
  const id = await until("it is held", async () => /^(alb-load-balancers-\d+) /m.exec(await hold("status"))?.[1], PATIENCE_MS);
  assert.match(await hold("status"), /stays: hf-lab-\w+-0 load balancer\n {2}why: /);
  assert.deepEqual(deleted(), [], "it is held, so it is there");
  assert.equal(await hold("approve", id, "--reason", "moved away"), `approved ${id} as ${userInfo().username}\n`);
  await until("it is deleted", () => deleted().length > 0, PATIENCE_MS);
  assert.equal(ours().filter((line) => line.startsWith("load balancer ")).length, 1);
  assert.equal(ours().filter((line) => line.startsWith("Ingress default/shop is at hf-lab-")).length, 1);
});

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { systemClock } from "../../../src/kernel/index.ts";
import { freePort } from "../../../src/kernel/testing/free-port.ts";
import { until } from "../../../src/kernel/testing/until.ts";
import { LAB_KEY, REGION, testAccount } from "../../../src/lab/aws/testing/test-account.ts";
import { holdfast, testFolder, writeKubeconfig } from "../../router-kit.ts";
import { ingress, ingressClass, startCluster } from "../kit/cluster.ts";
import { leftovers, settled } from "../kit/end-state.ts";
import { OWNERSHIP, firstWorld } from "../kit/first-world.ts";
import { type Link, openLink } from "../kit/link.ts";
import { lossesBetween } from "../kit/losses.ts";
import { thingsIn } from "./run-death.ts";

const PATIENCE_MS = 30_000;
const ENV = { AWS_ACCESS_KEY_ID: LAB_KEY.id, AWS_SECRET_ACCESS_KEY: LAB_KEY.secret, AWS_EC2_METADATA_DISABLED: "true" };
/** The calls at which one process after the other is killed, in the order in which they come. With HOLDFAST_KILLS=all these; .ci/nightly does. */
const ALL = [
  "POST leases",
  "CreateSecurityGroup",
  "AuthorizeSecurityGroupIngress",
  "CreateTargetGroup",
  "ModifyTargetGroupAttributes",
  "AttachLoadBalancerTargetGroups",
  "CreateLoadBalancer",
  "AddTags",
  "ModifyLoadBalancerAttributes",
  "POST configmaps",
  "CreateListener",
  "PATCH ingresses/status",
  "POST events",
];
const kills = process.env["HOLDFAST_KILLS"] === "all" ? ALL : ["CreateLoadBalancer"];

test("processes that are killed with kill -9 after calls whose answers they have not read: the next one goes on, and makes nothing twice", async (t) => {
  const cluster = await startCluster();
  t.after(() => cluster.close());
  const account = await testAccount(t, { world: firstWorld(Date.now()), realClock: systemClock, provisioningMs: 500 });
  account.health.get = () => ({ state: "healthy" });
  const foreign = thingsIn(account.store.now).size;
  const made = new Set<string>();
  const losses: string[] = [];
  let seen = account.store.now;
  const look = (): void => {
    const { now } = account.store;
    losses.push(...lossesBetween(seen, now, { live: cluster.live(), ownership: OWNERSHIP, nowMs: Date.now() }));
    for (const id of thingsIn(now)) made.add(id);
    seen = now;
  };
  await cluster.put(ingressClass("holdfast.dev/alb"));
  await cluster.put(ingress("shop", ["shop.example.org"], { "alb.ingress.kubernetes.io/inbound-cidrs": "0.0.0.0/0" }));
  const missing = (): readonly string[] => leftovers(account.store.now, cluster.live(), OWNERSHIP, Date.now());

  const died: string[] = [];
  for (const name of kills) {
    const life = await startLife(t, { awsUrl: account.url, clusterUrl: cluster.url, token: cluster.token, look, name });
    const { child, ended, stderr } = life.program;
    const isOver = (): boolean => life.isDead() || child.exitCode !== null || missing().length === 0;
    await until(`it dies at ${name}, or has no reason to call it`, isOver, PATIENCE_MS);
    if (life.isDead()) died.push(name);
    else life.kill();
    assert.equal(await ended, "SIGKILL", stderr());
  }
  const last = await startLife(t, { awsUrl: account.url, clusterUrl: cluster.url, token: cluster.token, look, name: undefined });
  await until("all that is needed", () => missing().length === 0, PATIENCE_MS).catch(() => undefined);
  assert.deepEqual(missing(), [], last.program.stdout());
  await until("nothing is left to do", async () => (await last.plan()).startsWith("Nothing to do"), PATIENCE_MS);
  look();
  assert.deepEqual(losses, []);
  const ours = settled(account.store.now, cluster.live(), OWNERSHIP);
  for (const [kind, count] of [
    ["load balancer", 1],
    ["target group", 1],
    ["listener", 2],
    ["security group", 1],
  ] as const)
    assert.equal(ours.filter((line) => line.startsWith(`${kind} hf-`)).length, count, ours.join("\n"));
  assert.equal(made.size - foreign, 5, "a load balancer, a target group, two listeners and a security group are all that was ever made");
  const isAll = kills === ALL;
  assert.ok(isAll ? died.length >= 10 : died.length === kills.length, `died at ${died.join(", ")}`);
  process.stdout.write(`measured: ${died.length} processes killed, at ${died.join(", ")}\n`);
});

interface LifeOptions {
  readonly awsUrl: string;
  readonly clusterUrl: string;
  readonly token: string;
  /** After each call. */
  readonly look: () => void;
  /** The call that is its last. */
  readonly name: string | undefined;
}

/** A `holdfast alb` that is killed when its call of this name is done; the answer never comes to it. */
async function startLife(t: TestContext, { awsUrl, clusterUrl, token, look, name }: LifeOptions) {
  let isDead = false;
  const links: Link[] = [];
  const onAnswer = (call: { readonly name: string }): void => {
    look();
    if (call.name !== name || isDead) return;
    isDead = true;
    kill();
  };
  const [aws, kube] = [await openLink(awsUrl, { onAnswer }), await openLink(clusterUrl, { onAnswer })];
  links.push(aws, kube);
  for (const link of links) t.after(() => link.close());
  const admin = `127.0.0.1:${await freePort()}`;
  const kubeconfig = await writeKubeconfig(await testFolder(t), kube.url, token);
  const program = holdfast(
    t,
    [
      "alb",
      `--cluster-id=${OWNERSHIP.clusterId}`,
      `--controller-id=${OWNERSHIP.controllerId}`,
      `--kubeconfig=${kubeconfig}`,
      `--region=${REGION}`,
      `--endpoint=${aws.url}`,
      "--lease-duration=5",
      `--admin=${admin}`,
    ],
    ENV,
  );
  function kill(): void {
    program.child.kill("SIGKILL");
    for (const link of links) link.cut();
  }
  return {
    program,
    isDead: () => isDead,
    kill,
    async plan(): Promise<string> {
      return (await fetch(`http://${admin}/plan`)).text();
    },
  };
}

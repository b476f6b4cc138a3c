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
import { type Link, type PassingCall, openLink } from "../kit/link.ts";
import { lossesBetween } from "../kit/losses.ts";
import { thingsIn } from "./run-death.ts";

const PATIENCE_MS = 30_000;
const ENV = { AWS_ACCESS_KEY_ID: LAB_KEY.id, AWS_SECRET_ACCESS_KEY: LAB_KEY.secret, AWS_EC2_METADATA_DISABLED: "true" };
/** One process after the other is killed at the first write that none before was killed at; of how many it is said in HOLDFAST_KILLS. .ci/nightly kills all. */
const isAll = process.env["HOLDFAST_KILLS"] === "all";
const DEADLY = isAll ? /./ : /^CreateLoadBalancer$/;

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
  const world = { awsUrl: account.url, clusterUrl: cluster.url, token: cluster.token, look };
  const isLast = ({ name, isWrite }: PassingCall): boolean => isWrite && DEADLY.test(name) && !died.includes(name);
  let life = await startLife(t, { ...world, isLast });
  for (;;) {
    const { program, diedAt, hasNothingToDo } = life;
    const isOver = (): boolean => diedAt() !== undefined || program.child.exitCode !== null;
    await until("it dies, or has done all", async () => isOver() || (missing().length === 0 && (await hasNothingToDo())), PATIENCE_MS);
    const name = diedAt();
    if (name === undefined) break;
    died.push(name);
    assert.equal(await program.ended, "SIGKILL", program.stderr());
    life = await startLife(t, { ...world, isLast });
  }
  assert.deepEqual(missing(), [], life.program.stderr());
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
  assert.ok(died.length >= (isAll ? 10 : 1), `died at ${died.join(", ")}`);
  process.stdout.write(`measured: ${died.length} processes killed, at ${died.join(", ")}\n`);
});

interface LifeOptions {
  readonly awsUrl: string;
  readonly clusterUrl: string;
  readonly token: string;
  /** After each call. */
  readonly look: () => void;
  /** Whether it is killed when this call is done. */
  readonly isLast: (call: PassingCall) => boolean;
}

/** A `holdfast alb` that is killed when a call is done; the answer never comes to it. */
async function startLife(t: TestContext, { awsUrl, clusterUrl, token, look, isLast }: LifeOptions) {
  let diedAt: string | undefined;
  const links: Link[] = [];
  const onAnswer = (call: PassingCall): void => {
    look();
    if (diedAt !== undefined || !isLast(call)) return;
    diedAt = call.name;
    program.child.kill("SIGKILL");
    for (const link of links) link.cut();
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
  return {
    program,
    diedAt: () => diedAt,
    async hasNothingToDo(): Promise<boolean> {
      try {
        return (await (await fetch(`http://${admin}/plan`)).text()).startsWith("Nothing to do");
      } catch {
        return false;
      }
    },
  };
}

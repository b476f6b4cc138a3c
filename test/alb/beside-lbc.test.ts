import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../src/kernel/index.ts";
import type { LoadBalancerRecord } from "../../src/lab/aws/elbv2/records.ts";
import { LAB_KEY, REGION, testAccount } from "../../src/lab/aws/testing/test-account.ts";
import { type AwsWorld, withRecord } from "../../src/lab/aws/world/world.ts";
import { holdfast } from "../router-kit.ts";
import { HOUR_MS, MINUTE_MS, run } from "./incidents/run.ts";
import { type Manifest, ingress, startCluster } from "./kit/cluster.ts";
import { CERTIFICATES, OWNERSHIP, firstWorld } from "./kit/first-world.ts";
import { settled } from "./kit/end-state.ts";

const A = "alb.ingress.kubernetes.io/";
const CIDRS = { [`${A}inbound-cidrs`]: "0.0.0.0/0" };
const NAME = "k8s-default-shop-0123456789";
const DNS_NAME = `${NAME}-1.eu-central-1.elb.amazonaws.com`;
const FINALIZER = "ingress.k8s.aws/resources";
const LBC_CLASS: Manifest = {
  apiVersion: "networking.k8s.io/v1",
  kind: "IngressClass",
  metadata: { name: "alb" },
  spec: { controller: "ingress.k8s.aws/alb" },
};

/** An Ingress of the AWS Load Balancer Controller as that leaves it: with its class, its finalizer, and its load balancer in the status. */
function ofLbc(name: string, hosts: readonly string[], annotations: Readonly<Record<string, string>> = {}): Manifest {
  const object = ingress(name, hosts, annotations) as Manifest & { readonly spec: object };
  return {
    ...object,
    metadata: { ...object.metadata, finalizers: [FINALIZER] } as Manifest["metadata"],
    spec: { ...object.spec, ingressClassName: "alb" },
    status: { loadBalancer: { ingress: [{ hostname: DNS_NAME }] } },
  };
}

/** What that controller makes for it: a load balancer, its listener, and a target group, named and tagged as its own. */
function withLbc(world: AwsWorld): AwsWorld {
  const like = [...world.loadBalancers.values()][0];
  const listener = [...world.listeners.values()].find(({ loadBalancerArn }) => loadBalancerArn === like?.arn);
  const group = [...world.targetGroups.values()].find(({ name }) => name === like?.name);
  assert.ok(like !== undefined && listener !== undefined && group !== undefined);
  const renamed = (arn: string): string => arn.replace(like.name, NAME);
  const loadBalancer: LoadBalancerRecord = { ...like, arn: renamed(like.arn), name: NAME, dnsName: DNS_NAME };
  const targetGroup = { ...group, arn: renamed(group.arn), name: NAME };
  const tags = new Map([
    ["elbv2.k8s.aws/cluster", OWNERSHIP.clusterId],
    ["ingress.k8s.aws/stack", "default/shop"],
    ["ingress.k8s.aws/resource", "LoadBalancer"],
  ]);
  let next = withRecord(world, "loadBalancers", loadBalancer.arn, loadBalancer);
  next = withRecord(next, "targetGroups", targetGroup.arn, targetGroup);
  next = withRecord(next, "listeners", renamed(listener.arn), {
    ...listener,
    arn: renamed(listener.arn),
    loadBalancerArn: loadBalancer.arn,
    certificates: [CERTIFICATES.wildcard],
    defaultActions: [{ Type: "forward", ForwardConfig: { TargetGroups: [{ TargetGroupArn: targetGroup.arn, Weight: 1 }] } }],
  });
  for (const arn of [loadBalancer.arn, targetGroup.arn, renamed(listener.arn)]) next = withRecord(next, "tags", arn, tags);
  return next;
}

test("beside the AWS Load Balancer Controller: its load balancers and Ingresses are not touched; a copy of an Ingress gets a load balancer of its own", async (t) => {
  const it = await run(t, [LBC_CLASS], { classes: ["holdfast"] });
  it.account.byHand(withLbc);
  const theirs = (): readonly unknown[] => [...it.account.store.now.loadBalancers.values()].filter(({ name }) => name === NAME);
  const read = async (name: string): Promise<string> =>
    JSON.stringify((await it.cluster.read(`/apis/networking.k8s.io/v1/namespaces/default/ingresses/${name}`)).body);
  await it.cluster.put(ofLbc("shop", ["shop.example.org"]));
  const { ingressClassName: _class, ...withoutClass } = ingress("no-class", ["www.example.org"])["spec"] as Readonly<
    Record<string, unknown>
  >;
  await it.cluster.put({ ...ofLbc("no-class", ["www.example.org"]), spec: withoutClass });
  const [object, before] = [await read("shop"), theirs()];
  const calls = it.account.calls.length;
  await it.clock.pass(10 * MINUTE_MS);
  assert.deepEqual(it.writesSince(calls), []);
  assert.equal(await read("shop"), object);

  await it.cluster.put(ingress("shop-holdfast", ["shop.example.org"], CIDRS));
  const copy = (): readonly string[] => it.cluster.live().find(({ owner }) => owner.endsWith("/shop-holdfast"))?.statusHosts ?? [];
  await it.clock.until("the copy is served", () => copy().length > 0, HOUR_MS);
  assert.notDeepEqual(copy(), [DNS_NAME]);
  assert.equal(await read("shop"), object);

  // Whoever gives an Ingress itself another class keeps the other controller's name in its status until there is another one that serves.
  await it.cluster.put(ofLbc("api", ["api.example.org"]));
  const { metadata } = JSON.parse(await read("api")) as { readonly metadata: Manifest["metadata"] };
  await it.cluster.put({
    ...ingress("api", ["api.example.org"], CIDRS),
    metadata: { ...metadata, annotations: CIDRS } as Manifest["metadata"],
  });
  const moved = (): string =>
    it.cluster
      .live()
      .find(({ owner }) => owner.endsWith("/api"))
      ?.statusHosts.join() ?? "";
  assert.equal(moved(), DNS_NAME);
  await it.clock.until("its own name", () => moved() === copy().join(), HOUR_MS);
  assert.match(await read("api"), new RegExp(FINALIZER));
  await it.clock.pass(10 * MINUTE_MS);
  assert.deepEqual(theirs(), before);
  assert.deepEqual(it.losses(), []);
});

test("a dry run with the other controller's class says what would be made of its Ingresses, and what of them is not done, and writes nothing", async (t) => {
  const cluster = await startCluster();
  t.after(() => cluster.close());
  const account = await testAccount(t, { world: withLbc(firstWorld(Date.now())), realClock: systemClock });
  await cluster.put(LBC_CLASS);
  await cluster.put(
    ofLbc("shop", ["shop.example.org"], {
      ...CIDRS,
      [`${A}scheme`]: "internet-facing",
      [`${A}target-type`]: "ip",
      [`${A}listen-ports`]: '[{"HTTP": 80}, {"HTTPS": 443}]',
      [`${A}ssl-redirect`]: "443",
      [`${A}group.name`]: "team",
      [`${A}actions.weighted`]: '{"type":"forward"}',
    }),
  );
  await cluster.put(ofLbc("guarded", ["api.example.org"], { ...CIDRS, [`${A}auth-type`]: "cognito" }));
  const before = settled(account.store.now, [], OWNERSHIP);
  const program = holdfast(
    t,
    [
      "alb",
      "--dry-run",
      "--ingress-class-filter=alb",
      `--cluster-id=${OWNERSHIP.clusterId}`,
      `--kubeconfig=${cluster.kubeconfigFile}`,
      `--region=${REGION}`,
      `--endpoint=${account.url}`,
    ],
    { AWS_ACCESS_KEY_ID: LAB_KEY.id, AWS_SECRET_ACCESS_KEY: LAB_KEY.secret, AWS_EC2_METADATA_DISABLED: "true" },
  );
  assert.equal(await program.ended, 1, program.stderr());
  const said = program.stdout();
  assert.match(said, /for Ingress default\/shop$/m);
  assert.match(said, /^Ingress default\/shop: NotHeeded: .*target-type/m);
  assert.match(said, /^Ingress default\/shop: NotHeeded: .*actions\.weighted/m);
  assert.match(said, /^Ingress default\/guarded: .*auth-type/m);
  assert.deepEqual(settled(account.store.now, [], OWNERSHIP), before);
  assert.deepEqual(
    account.calls.map(({ action }) => action).filter((action) => !/^(Describe|List|Get)/.test(action)),
    [],
  );
});

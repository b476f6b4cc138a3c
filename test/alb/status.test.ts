import assert from "node:assert/strict";
import { hostname } from "node:os";
import { type TestContext, test } from "node:test";

import { type ClaimsSource, createClaimsSource } from "../../src/alb/objects/claims-source.ts";
import type { ClaimProblem } from "../../src/alb/model/claim.ts";
import type { ObservedStack } from "../../src/alb/plan/observed.ts";
import { type StatusResult, createStatusWriter } from "../../src/alb/status/status-writer.ts";
import { CLAIM_OPTIONS } from "../../src/alb/testing/objects.ts";
import { stackOf } from "../../src/alb/testing/stacks.ts";
import { AppError, seededRandom, systemClock } from "../../src/kernel/index.ts";
import { ManualClock } from "../../src/kernel/testing/manual-clock.ts";
import { until } from "../../src/kernel/testing/until.ts";
import { type KubeClient, createKubeClient, kinds, loadKubeconfig } from "../../src/kube/index.ts";
import { createObjectEvents } from "../../src/mirror/index.ts";
import { MetricsRegistry, silentLog } from "../../src/telemetry/index.ts";
import { type TestCluster, ingress, ingressClass, routeGroup, startCluster } from "./kit/cluster.ts";

const PATIENCE_MS = 30_000;
const INGRESSES = "/apis/networking.k8s.io/v1/namespaces/default/ingresses";
const ROUTE_GROUPS = "/apis/zalando.org/v1/namespaces/default/routegroups";

interface Opened {
  readonly cluster: TestCluster;
  readonly source: ClaimsSource;
  readonly client: KubeClient;
  /** Time as the writer's pauses go by. */
  readonly clock: ManualClock;
  isLeader: boolean;
  /** One write with every claim at load balancer `hf-1`. */
  write(stacks: readonly ObservedStack[], problems?: readonly ClaimProblem[]): Promise<StatusResult>;
  events(): Promise<readonly string[]>;
}

async function open(t: TestContext): Promise<Opened> {
  const cluster = await startCluster();
  t.after(() => cluster.close());
  await cluster.put(ingressClass("holdfast.dev/alb"));
  await cluster.put(ingress("shop", ["shop.example.org"]));
  await cluster.put(routeGroup("api", ["api.example.org"]));
  const deps = { clock: systemClock, random: seededRandom(1), log: silentLog, metrics: new MetricsRegistry() };
  const client = createKubeClient({ cluster: await loadKubeconfig(cluster.kubeconfigFile), caller: { attempts: 1 } }, deps);
  const source = createClaimsSource({ claims: CLAIM_OPTIONS }, { ...deps, client, onChange() {} });
  t.after(async () => {
    await source.stop();
    await client.close();
  });
  source.start();
  await until("all objects", () => names(source).length === 2, PATIENCE_MS);
  const clock = new ManualClock();
  const reporter = { component: "holdfast-alb", controller: "holdfast.dev/alb", instance: hostname() };
  const guard = (): void => {
    if (!opened.isLeader) throw new AppError("KUBE_NOT_LEADER", "another one leads");
  };
  const writer = createStatusWriter({
    ...deps,
    client,
    clock,
    events: createObjectEvents(client, reporter, { ...deps, guard }),
    object: (owner) => source.object(owner),
    guard,
  });
  const opened: Opened = {
    cluster,
    source,
    client,
    clock,
    isLeader: true,
    write(stacks, problems = []) {
      const evidence = source.read();
      assert.ok(evidence.state !== "unknown");
      const { claims } = evidence.value;
      const placeOf = new Map(claims.map(({ owner }) => [`${owner.kind} ${owner.namespace}/${owner.name}`, "hf-1"]));
      return writer.write({
        claims,
        layout: { placeOf, certificatesOf: new Map() },
        stacks: new Map(stacks.map((stack) => [stack.name, stack])),
        problems: [...evidence.value.problems, ...problems],
      });
    },
    async events() {
      const { body } = await cluster.read("/api/v1/namespaces/default/events");
      return (body as { items: { reason: string; message: string; involvedObject: { name: string } }[] }).items.map(
        ({ reason, message, involvedObject }) => `${involvedObject.name} ${reason}: ${message}`,
      );
    },
  };
  return opened;
}

function names(source: ClaimsSource): readonly string[] {
  const evidence = source.read();
  return evidence.state === "fresh" ? evidence.value.claims.map(({ owner }) => owner.name) : [];
}

const statusHosts = (source: ClaimsSource): readonly string[] => {
  const evidence = source.read();
  return evidence.state === "unknown" ? [] : evidence.value.claims.flatMap((claim) => claim.statusHosts);
};

async function bodyAt(
  { cluster }: Opened,
  path: string,
): Promise<{ readonly status?: unknown; readonly metadata: { readonly annotations?: unknown } }> {
  return (await cluster.read(path)).body as Awaited<ReturnType<typeof bodyAt>>;
}

test("statuses of both kinds get the host name once the load balancer serves, with an Event, and then nothing is written", async (t) => {
  const opened = await open(t);
  assert.equal((await opened.write([stackOf("hf-1", { state: "provisioning" })])).waits.length, 2);
  assert.deepEqual(statusHosts(opened.source), []);
  await opened.write([stackOf("hf-1")]);
  assert.deepEqual((await bodyAt(opened, `${INGRESSES}/shop`)).status, { loadBalancer: { ingress: [{ hostname: "hf-1.elb.example" }] } });
  assert.deepEqual((await bodyAt(opened, `${ROUTE_GROUPS}/api`)).status, {
    loadBalancer: { routegroup: [{ hostname: "hf-1.elb.example" }] },
  });
  await until("the watch to say so", () => statusHosts(opened.source).length === 2, PATIENCE_MS);
  await until(
    "the Events",
    async () => (await opened.events()).filter((event) => event.includes("ServedByLoadBalancer")).length === 2,
    PATIENCE_MS,
  );
  const versions = async (): Promise<unknown> => [
    (await bodyAt(opened, `${INGRESSES}/shop`)).metadata,
    (await bodyAt(opened, `${ROUTE_GROUPS}/api`)).metadata,
  ];
  const before = await versions();
  await opened.write([stackOf("hf-1")]);
  await opened.write([stackOf("hf-1", { state: "failed", targets: [] })]);
  assert.deepEqual(await versions(), before);
});

test("what is wrong is said on the object itself until it is mended", async (t) => {
  const opened = await open(t);
  const problem = (owner: string): ClaimProblem => ({
    owner,
    reason: "CertificateNotFound",
    message: "no certificate is for it: request one",
  });
  await opened.write([], [problem("Ingress default/shop"), problem("RouteGroup default/api")]);
  assert.deepEqual((await bodyAt(opened, `${INGRESSES}/shop`)).metadata.annotations, {
    "holdfast.dev/load-balancer-problem": "no certificate is for it: request one",
  });
  const { conditions } = (await bodyAt(opened, `${ROUTE_GROUPS}/api`)).status as { conditions: { status: string; reason: string }[] };
  assert.deepEqual(
    conditions.map(({ status, reason }) => [status, reason]),
    [["False", "CertificateNotFound"]],
  );
  await until(
    "the Events",
    async () => (await opened.events()).filter((event) => event.includes("CertificateNotFound: no certificate")).length === 2,
    PATIENCE_MS,
  );
  await until(
    "the watch to say so",
    () => opened.source.object("Ingress default/shop")?.metadata.annotations?.["holdfast.dev/load-balancer-problem"] !== undefined,
    PATIENCE_MS,
  );
  await opened.clock.advance(60_000);
  await opened.write([]);
  assert.deepEqual((await bodyAt(opened, `${INGRESSES}/shop`)).metadata.annotations ?? {}, {});
});

test("who does not lead writes nothing", async (t) => {
  const opened = await open(t);
  opened.isLeader = false;
  await assert.rejects(opened.write([stackOf("hf-1")]), { code: "KUBE_NOT_LEADER" });
  assert.doesNotMatch(JSON.stringify(await bodyAt(opened, `${INGRESSES}/shop`)), /elb\.example/);
});

test("against another controller that writes the same status nothing is written for ever", async (t) => {
  const opened = await open(t);
  const theirs = (): Promise<unknown> => {
    const body = { status: { loadBalancer: { ingress: [{ hostname: "theirs.elb.example" }] } } };
    return opened.client.patchStatus(kinds.ingresses, { namespace: "default", name: "shop" }, { type: "merge", body });
  };
  for (let round = 0; round < 6; round++) {
    await theirs();
    await until("theirs to be seen", () => statusHosts(opened.source).includes("theirs.elb.example"), PATIENCE_MS);
    await opened.clock.advance(30_000);
    await opened.write([stackOf("hf-1")]);
    if (round < 4) await until("ours to be seen", () => !statusHosts(opened.source).includes("theirs.elb.example"), PATIENCE_MS);
  }
  assert.deepEqual((await bodyAt(opened, `${INGRESSES}/shop`)).status, { loadBalancer: { ingress: [{ hostname: "theirs.elb.example" }] } });
  await until("the Event", async () => (await opened.events()).some((event) => event.includes("StatusContested")), PATIENCE_MS);
});

test("the same problem is told by one Event, however often the status of its object changes; by another one when the object asks for something else", async (t) => {
  const opened = await open(t);
  const problem = { owner: "Ingress default/shop", reason: "CertificateNotFound", message: "no certificate is for shop.example.org" };
  const told = async (): Promise<number> => (await opened.events()).filter((event) => event.includes(problem.message)).length;
  const seen = (): string | undefined => opened.source.object(problem.owner)?.metadata.resourceVersion;
  await opened.write([], [problem]);
  await until("the Event", async () => (await told()) === 1, PATIENCE_MS);
  for (const host of ["one.elb.example", "two.elb.example"]) {
    const before = seen();
    const status = { loadBalancer: { ingress: [{ hostname: host }] } };
    await opened.client.patchStatus(kinds.ingresses, { namespace: "default", name: "shop" }, { type: "merge", body: { status } });
    await until("the object as it is now", () => seen() !== before, PATIENCE_MS);
    await opened.write([], [problem]);
  }
  await opened.cluster.put(ingress("shop", ["shop.example.org", "www.example.org"]));
  await until("the object's other hosts", () => (opened.source.object(problem.owner)?.metadata.generation ?? 0) > 1, PATIENCE_MS);
  await opened.write([], [problem]);
  await until("another Event", async () => (await told()) >= 2, PATIENCE_MS);
  assert.equal(await told(), 2);
});

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { type ClaimsSource, createClaimsSource } from "../../src/alb/objects/claims-source.ts";
import { CLAIM_OPTIONS } from "../../src/alb/testing/objects.ts";
import { seededRandom, systemClock } from "../../src/kernel/index.ts";
import { until } from "../../src/kernel/testing/until.ts";
import { createKubeClient, kinds, loadKubeconfig } from "../../src/kube/index.ts";
import { MetricsRegistry, silentLog } from "../../src/telemetry/index.ts";
import { type TestCluster, ingress, ingressClass, routeGroup, startCluster } from "./kit/cluster.ts";

const SCHEME = "zalando.org/aws-load-balancer-scheme";
const PATIENCE_MS = 30_000;

async function open(t: TestContext, cluster: TestCluster, restored?: unknown): Promise<ClaimsSource> {
  const deps = { clock: systemClock, random: seededRandom(1), log: silentLog, metrics: new MetricsRegistry() };
  const client = createKubeClient({ cluster: await loadKubeconfig(cluster.kubeconfigFile), caller: { attempts: 1 } }, deps);
  const source = createClaimsSource({ claims: CLAIM_OPTIONS, restored, staleAfterMs: 6_000 }, { ...deps, client, onChange() {} });
  t.after(async () => {
    await source.stop();
    await client.close();
  });
  source.start();
  return source;
}

async function clusterFor(t: TestContext): Promise<TestCluster> {
  const cluster = await startCluster();
  t.after(() => cluster.close());
  await cluster.put(ingressClass("holdfast.dev/alb"));
  return cluster;
}

const owners = (source: ClaimsSource): readonly string[] => {
  const evidence = source.read();
  return evidence.state === "unknown"
    ? []
    : evidence.value.claims.map(({ owner }) => owner.name).toSorted((one, other) => (one < other ? -1 : 1));
};
const isFresh = (source: ClaimsSource): boolean => source.read().state === "fresh";
const problems = (source: ClaimsSource): readonly string[] => {
  const evidence = source.read();
  return evidence.state === "unknown" ? [] : evidence.value.problems.map(({ owner, message }) => `${owner} ${message}`);
};
const schemeOf = (source: ClaimsSource, name: string): string | undefined => {
  const evidence = source.read();
  return evidence.state === "unknown" ? undefined : evidence.value.claims.find(({ owner }) => owner.name === name)?.kind.scheme;
};

test("claims are followed; a version that cannot be used leaves the one before it in place, and its owner hears of it", async (t) => {
  const cluster = await clusterFor(t);
  await cluster.put(ingress("shop", ["shop.example.org"], { [SCHEME]: "internal" }));
  await cluster.put(ingress("never-valid", ["a.example.org"], { [SCHEME]: "?" }));
  await cluster.put(routeGroup("api", ["api.example.org"]));
  const source = await open(t, cluster);
  assert.equal(source.read().state, "unknown");
  await until("both", () => isFresh(source) && owners(source).length === 2, PATIENCE_MS);
  assert.deepEqual(owners(source), ["api", "shop"]);
  assert.match(problems(source).join(), /^Ingress default\/never-valid annotation \S+scheme: .*nothing is made for it/);

  await cluster.put(ingress("shop", ["shop.example.org", "www.example.org"], { [SCHEME]: "publik" }));
  await until("the problem", () => problems(source).length === 2, PATIENCE_MS);
  assert.equal(schemeOf(source, "shop"), "internal");
  assert.match(problems(source).join("\n"), /default\/shop .*got "publik"; its last valid version stands/);
  assert.equal(source.object("Ingress default/shop")?.metadata.annotations?.[SCHEME], "publik");

  await cluster.put(ingress("shop", ["shop.example.org"], { [SCHEME]: "internet-facing" }));
  await until("the other scheme", () => schemeOf(source, "shop") === "internet-facing", PATIENCE_MS);
  await cluster.remove("Ingress", "never-valid");
  await until("no problem", () => problems(source).length === 0, PATIENCE_MS);
});

test("while the API server is away claims stay and are stale, and the next process begins with them", async (t) => {
  const cluster = await clusterFor(t);
  await cluster.put(ingress("shop", ["shop.example.org"], { [SCHEME]: "internal" }));
  await cluster.put(ingress("api", ["api.example.org"]));
  const source = await open(t, cluster);
  await until("both", () => isFresh(source) && owners(source).length === 2, PATIENCE_MS);
  // What is known for sure only by this process is not valid any more for the next one.
  await cluster.put(ingress("shop", ["shop.example.org"], { [SCHEME]: "?" }));
  await until("the problem", () => problems(source).length === 1, PATIENCE_MS);
  await cluster.stop();
  await until("stale", () => source.read().state === "stale", PATIENCE_MS);
  assert.deepEqual(owners(source), ["api", "shop"]);

  const restored: unknown = JSON.parse(JSON.stringify(source.snapshot()));
  const next = await open(t, cluster, restored);
  assert.equal(next.read().state, "stale");
  assert.equal(schemeOf(next, "shop"), "internal");
  await cluster.restart();
  await until("fresh", () => isFresh(next), PATIENCE_MS);
  assert.equal(schemeOf(next, "shop"), "internal");
  assert.match(problems(next).join(), /its last valid version stands/);
});

test("the names in statuses of objects that ask for nothing, or cannot be used, are known too: clients come by them", async (t) => {
  const cluster = await clusterFor(t);
  const told = (name: string): object => ({ status: { loadBalancer: { ingress: [{ hostname: `${name}.ELB.example` }] } } });
  const foreign = { ...ingress("foreign", ["f.example.org"]), spec: { ingressClassName: "nginx", rules: [{ host: "f.example.org" }] } };
  await cluster.put(foreign);
  await cluster.put(ingress("broken", ["b.example.org"], { [SCHEME]: "?" }));
  const client = createKubeClient(
    { cluster: await loadKubeconfig(cluster.kubeconfigFile) },
    { clock: systemClock, random: seededRandom(1), log: silentLog, metrics: new MetricsRegistry() },
  );
  t.after(() => client.close());
  for (const name of ["foreign", "broken"])
    await client.patchStatus(kinds.ingresses, { namespace: "default", name }, { type: "merge", body: told(name) });
  const source = await open(t, cluster);
  await until("all of it", () => isFresh(source), PATIENCE_MS);
  assert.deepEqual(owners(source), []);
  assert.deepEqual(
    source.visits(),
    new Map([
      ["broken.elb.example", ["b.example.org"]],
      ["foreign.elb.example", ["f.example.org"]],
    ]),
  );
});

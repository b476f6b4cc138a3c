import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { systemClock, systemRandom } from "../src/kernel/index.ts";
import { type KubeClient, type KubeObject, createKubeClient, kinds } from "../src/kube/index.ts";
import { createLog, silentLog } from "../src/telemetry/index.ts";
import { type TestApiServer, startApiServer } from "../src/lab/apiserver/testing/index.ts";
import { type TestKubelet, startTestKubelet } from "../src/lab/kubelet/testing/index.ts";
import {
  type Container,
  type DaemonSet,
  type Deployment,
  type EndpointSlice,
  type Job,
  type Node,
  type Pod,
  type ReplicaSet,
  findCondition,
  isPodReady,
} from "../src/lab/objects/index.ts";
import { until } from "../src/kernel/testing/until.ts";
import { type Scheduler, startScheduler } from "../src/lab/scheduler/index.ts";
import { type Controllers, startControllers } from "../src/lab/controllers/index.ts";

// The whole control plane and three nodes, in this process; pods are real processes.
const BLOCK = 232;
const log = process.env["HOLDFAST_TEST_LOG"] === undefined ? silentLog : createLog({ level: "info", name: "cluster" });
let api: TestApiServer;
let client: KubeClient;
let kubelets: TestKubelet[];
let scheduler: Scheduler;
let controllers: Controllers;

before(async () => {
  api = await startApiServer();
  const credentials = { server: api.url, token: api.adminToken };
  const cluster = { server: api.url, credentials: { type: "token", token: api.adminToken }, namespace: "default" } as const;
  const circuit = { windowMs: 1000, minimumCalls: 10_000, failureShare: 1, openMs: 1, openCapMs: 1 };
  client = createKubeClient(
    { cluster, caller: { circuit, rate: { perSecond: 2000, burst: 2000, queueLimit: 10_000 } } },
    { clock: systemClock, random: systemRandom },
  );
  scheduler = startScheduler({ api: credentials, podInitialBackoffMs: 100, podMaxBackoffMs: 1000 }, { log });
  controllers = startControllers(
    { api: credentials, minuteMs: 1000, nodeMonitorPeriodMs: 200, nodeGracePeriodMs: 2500, evictionMs: 1000 },
    { log },
  );
  kubelets = await Promise.all([1, 2, 3].map((number) => startTestKubelet(api, { block: BLOCK, number, log, leaseSeconds: 0.5 })));
  await until("three nodes ready", async () => (await client.list<Node>(kinds.nodes)).items.filter(isNodeReady).length === 3);
});
after(async () => {
  await controllers.stop();
  await scheduler.stop();
  await Promise.all(kubelets.map((kubelet) => kubelet.stop()));
  await client.close();
  await api.close();
});

const isNodeReady = (node: Node): boolean => findCondition(node.status?.conditions, "Ready")?.status === "True";
const demo = (name: string, env: readonly { name: string; value: string }[] = []): Container => ({
  name: "app",
  image: "holdfast/demo-app:lab",
  env: [{ name: "APP_NAME", value: name }, { name: "DRAIN_MS", value: "0" }, ...env],
  ports: [{ name: "http", containerPort: 8080 }],
  readinessProbe: { httpGet: { path: "/healthz", port: "http" }, periodSeconds: 1 },
  resources: { requests: { cpu: "100m", memory: "64Mi" } },
});
const template = (name: string, container: Container, more: object = {}) => ({
  metadata: { labels: { app: name } },
  spec: { terminationGracePeriodSeconds: 2, containers: [container], ...more },
});
const meta = (name: string) => ({ name, namespace: "default" });
const get = <T extends KubeObject>(resource: (typeof kinds)[keyof typeof kinds], name: string): Promise<T> =>
  client.get<T>(resource, { namespace: "default", name });
const podsOf = async (app: string): Promise<readonly Pod[]> =>
  (await client.list<Pod>(kinds.pods, { namespace: "default", labelSelector: `app=${app}` })).items;
const isMissing = (promise: Promise<unknown>): Promise<boolean> =>
  promise.then(
    () => false,
    (error: { code?: string }) => error.code === "KUBE_NOT_FOUND",
  );

async function deploy(name: string, replicas: number): Promise<void> {
  const spec = {
    replicas,
    selector: { matchLabels: { app: name } },
    strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    template: template(name, demo(name)),
  };
  const deployment: Deployment = { apiVersion: "apps/v1", kind: "Deployment", metadata: meta(name), spec };
  await client.create(kinds.deployments, deployment);
  const service: KubeObject & Record<string, unknown> = {
    apiVersion: "v1",
    kind: "Service",
    metadata: meta(name),
    spec: { selector: { app: name }, ports: [{ name: "http", port: 80, targetPort: "http" }] },
  };
  await client.create(kinds.services, service);
}
const slicesOf = async (service: string): Promise<readonly EndpointSlice[]> =>
  (await client.list<EndpointSlice>(kinds.endpointSlices, { namespace: "default", labelSelector: `kubernetes.io/service-name=${service}` }))
    .items;
const rolledOut = (name: string, replicas: number): Promise<Deployment> =>
  until(
    `rollout of ${name}`,
    async () => {
      const found = await get<Deployment>(kinds.deployments, name);
      const { status, metadata } = found;
      const done =
        status?.observedGeneration === metadata.generation &&
        status?.updatedReplicas === replicas &&
        status.replicas === replicas &&
        status.availableReplicas === replicas;
      return done && findCondition(status?.conditions, "Progressing")?.reason === "NewReplicaSetAvailable" && found;
    },
    20_000,
  );

test(
  "a Deployment rolls out over the zones, its Service has their endpoints, an update never goes below its replicas",
  { timeout: 60_000 },
  async () => {
    await deploy("web", 3);
    await rolledOut("web", 3);
    const first = await podsOf("web");
    assert.equal(new Set(first.map((pod) => pod.spec.nodeName)).size, 3, "one in each zone");
    const [slice] = await until("three ready endpoints", async () => {
      const slices = await slicesOf("web");
      return slices[0]?.endpoints?.filter(({ conditions }) => conditions.ready).length === 3 && slices;
    });
    assert.deepEqual(slice?.ports, [{ name: "http", port: 8080, protocol: "TCP" }]);
    assert.deepEqual(slice?.endpoints?.map(({ zone }) => zone).sort(), ["eu-central-1a", "eu-central-1b", "eu-central-1c"]);
    for (const endpoint of slice?.endpoints ?? [])
      assert.equal((await fetch(`http://${endpoint.addresses[0]}:8080/`)).headers.get("x-app"), "web");

    let fewest = Number.POSITIVE_INFINITY;
    await client.patch(kinds.deployments, meta("web"), {
      type: "merge",
      body: { spec: { template: { metadata: { labels: { version: "2" } } } } },
    });
    await until(
      "second rollout",
      async () => {
        fewest = Math.min(fewest, (await podsOf("web")).filter(isPodReady).length);
        const { status, metadata } = await get<Deployment>(kinds.deployments, "web");
        return (
          status?.observedGeneration === metadata.generation &&
          status?.updatedReplicas === 3 &&
          status.replicas === 3 &&
          status.availableReplicas === 3
        );
      },
      30_000,
    );
    assert.ok(fewest >= 3, `at least three were ready all the time, not ${fewest}`);
    const sets = (await client.list<ReplicaSet>(kinds.replicaSets, { namespace: "default" })).items;
    assert.deepEqual(
      sets
        .map((set) => [set.metadata.annotations?.["deployment.kubernetes.io/revision"], set.spec.replicas])
        .sort(([one = ""], [two = ""]) => String(one).localeCompare(String(two))),
      [
        ["1", 0],
        ["2", 3],
      ],
    );
  },
);

test("a pod that is no longer ready leaves the ready endpoints and comes back", { timeout: 40_000 }, async () => {
  const flag = {
    exec: { command: ["/bin/sh", "-c", 'test ! -e "$VOLUME_FLAG/sick"'] },
    periodSeconds: 1,
    failureThreshold: 1,
    timeoutSeconds: 5,
  };
  const container = { ...demo("flaky"), readinessProbe: flag, volumeMounts: [{ name: "flag", mountPath: "/flag" }] };
  const volumes = [{ name: "flag", hostPath: { path: `${kubelets[0]?.config.stateDir}/flag`, type: "DirectoryOrCreate" } }];
  const spec = { replicas: 2, selector: { matchLabels: { app: "flaky" } }, template: template("flaky", container, { volumes }) };
  const set: ReplicaSet = { apiVersion: "apps/v1", kind: "ReplicaSet", metadata: meta("flaky"), spec };
  const service: KubeObject & Record<string, unknown> = {
    apiVersion: "v1",
    kind: "Service",
    metadata: meta("flaky"),
    spec: { selector: { app: "flaky" }, ports: [{ port: 80, targetPort: 8080 }] },
  };
  await client.create(kinds.replicaSets, set);
  await client.create(kinds.services, service);
  const readyCount = async (): Promise<number> =>
    (await slicesOf("flaky")).flatMap(({ endpoints }) => endpoints ?? []).filter(({ conditions }) => conditions.ready).length;
  await until("two ready", async () => (await readyCount()) === 2);
  const { writeFileSync, rmSync } = await import("node:fs");
  writeFileSync(`${kubelets[0]?.config.stateDir}/flag/sick`, "");
  await until("none ready", async () => (await readyCount()) === 0);
  rmSync(`${kubelets[0]?.config.stateDir}/flag/sick`);
  await until("two ready again", async () => (await readyCount()) === 2);
  await client.delete(kinds.services, meta("flaky"));
  await until("slices gone with their Service", async () => (await slicesOf("flaky")).length === 0);
  await client.delete(kinds.replicaSets, meta("flaky"), { propagationPolicy: "Foreground" });
  await until(
    "pods gone with their owner",
    async () => (await isMissing(get(kinds.replicaSets, "flaky"))) && (await podsOf("flaky")).length === 0,
  );
});

test("a DaemonSet runs once on every node and is updated one node after the other", { timeout: 60_000 }, async () => {
  const spec = {
    selector: { matchLabels: { app: "agent" } },
    template: template(
      "agent",
      { ...demo("agent", [{ name: "PORT", value: "9777" }]), ports: [{ name: "http", containerPort: 9777 }] },
      { hostNetwork: true },
    ),
  };
  const set: DaemonSet = { apiVersion: "apps/v1", kind: "DaemonSet", metadata: meta("agent"), spec };
  await client.create(kinds.daemonSets, set);
  const settled = (): Promise<DaemonSet> =>
    until(
      "daemon set settled",
      async () => {
        const found = await get<DaemonSet>(kinds.daemonSets, "agent");
        const { status = {}, metadata } = found;
        return (
          status["observedGeneration"] === metadata.generation &&
          status["updatedNumberScheduled"] === 3 &&
          status["numberAvailable"] === 3 &&
          found
        );
      },
      30_000,
    );
  await settled();
  const before = await podsOf("agent");
  assert.deepEqual(
    before.map((pod) => pod.status?.podIP ?? "").sort(),
    [1, 2, 3].map((number) => `127.${BLOCK}.1.${number}`),
  );
  let mostAway = 0;
  await client.patch(kinds.daemonSets, meta("agent"), {
    type: "merge",
    body: { spec: { template: { metadata: { annotations: { round: "2" } } } } },
  });
  const watching = until(
    "all replaced",
    async () => {
      const pods = await podsOf("agent");
      mostAway = Math.max(mostAway, 3 - pods.filter(isPodReady).length);
      return pods.length === 3 && pods.every((pod) => isPodReady(pod) && !before.some(({ metadata }) => metadata.uid === pod.metadata.uid));
    },
    30_000,
  );
  await watching;
  await settled();
  assert.equal(mostAway, 1);
  await client.delete(kinds.daemonSets, meta("agent"), { propagationPolicy: "Background" });
  await until("pods collected", async () => (await podsOf("agent")).length === 0);
});

test("a Job runs its completions in parallel; one that fails for good says so", { timeout: 40_000 }, async () => {
  const host = (script: string) => ({
    spec: {
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 1,
      containers: [{ name: "main", image: "holdfast/host:lab", command: ["/bin/sh", "-c", script] }],
    },
  });
  const good: Job = {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: meta("good"),
    spec: { completions: 4, parallelism: 2, template: host("exit 0") },
  };
  const bad: Job = { apiVersion: "batch/v1", kind: "Job", metadata: meta("bad"), spec: { backoffLimit: 0, template: host("exit 1") } };
  await client.create(kinds.jobs, good);
  await client.create(kinds.jobs, bad);
  await until(
    "good complete",
    async () => findCondition((await get<Job>(kinds.jobs, "good")).status?.conditions, "Complete")?.status === "True",
    20_000,
  );
  assert.equal((await get<Job>(kinds.jobs, "good")).status?.succeeded, 4);
  const failed = await until("bad failed", async () => findCondition((await get<Job>(kinds.jobs, "bad")).status?.conditions, "Failed"));
  assert.equal(failed.reason, "BackoffLimitExceeded");
});

test(
  "a CronJob without bound floods the cluster with pods that fit nowhere; the others are scheduled all the same",
  { timeout: 90_000 },
  async () => {
    const container = { name: "main", image: "holdfast/demo-app:lab", resources: { requests: { cpu: "64", memory: "512Gi" } } };
    const jobSpec = {
      parallelism: 250,
      completions: 250,
      template: { metadata: { labels: { app: "flood" } }, spec: { restartPolicy: "Never", containers: [container] } },
    };
    const cron: KubeObject & Record<string, unknown> = {
      apiVersion: "batch/v1",
      kind: "CronJob",
      metadata: meta("flood"),
      spec: { schedule: "* * * * *", concurrencyPolicy: "Allow", jobTemplate: { spec: jobSpec } },
    };
    const startMs = performance.now();
    await client.create(kinds.cronJobs, cron);
    const floodJobs = async (): Promise<readonly Job[]> =>
      (await client.list<Job>(kinds.jobs, { namespace: "default" })).items.filter(({ metadata }) => metadata.name.startsWith("flood-"));
    await until("two Jobs", async () => (await floodJobs()).length >= 2, 30_000);
    await client.patch(kinds.cronJobs, meta("flood"), { type: "merge", body: { spec: { suspend: true } } });
    const jobs = await until(
      "all their pods",
      async () => {
        const found = await floodJobs();
        return found.every(({ status }) => status?.active === 250) && found;
      },
      30_000,
    );
    const floodMs = performance.now() - startMs;
    const pod = await until("the reason is told", async () => {
      const { items } = await client.listPage<Pod>(kinds.pods, { namespace: "default", labelSelector: "app=flood", limit: 5 });
      return items.find((each) => findCondition(each.status?.conditions, "PodScheduled")?.reason === "Unschedulable");
    });
    assert.equal(
      findCondition(pod.status?.conditions, "PodScheduled")?.message,
      "0/3 nodes are available: 3 Insufficient cpu, 3 Insufficient memory.",
    );
    await client.patch(kinds.deployments, meta("web"), { type: "merge", body: { spec: { replicas: 4 } } });
    await until("a fourth pod ready amid the flood", async () => (await podsOf("web")).filter(isPodReady).length === 4, 20_000);
    await api.restart();
    await client.delete(kinds.cronJobs, meta("flood"), { propagationPolicy: "Background" });
    const gone = performance.now();
    await until(
      "the flood is gone",
      async () =>
        (await client.listPage<Pod>(kinds.pods, { namespace: "default", labelSelector: "app=flood", limit: 1 })).items.length === 0,
      40_000,
    );
    console.log(
      `${jobs.length * 250} pods after ${Math.round(floodMs)} ms, gone after ${Math.round(performance.now() - gone)} ms; scheduler ${JSON.stringify(scheduler.queue)}`,
    );
  },
);

test("a node that falls silent becomes Unknown, its pods are evicted, and its return is noticed", { timeout: 60_000 }, async () => {
  const victim = kubelets[2];
  assert.ok(victim);
  await victim.silence();
  await until(
    "node-3 unknown",
    async () => findCondition((await client.get<Node>(kinds.nodes, { name: "node-3" })).status?.conditions, "Ready")?.status === "Unknown",
    15_000,
  );
  await until(
    "evicted and replaced elsewhere",
    async () => {
      const pods = await podsOf("web");
      return (
        pods.some((pod) => pod.spec.nodeName === "node-3" && pod.metadata.deletionTimestamp !== undefined) &&
        pods.filter((pod) => pod.spec.nodeName !== "node-3" && isPodReady(pod)).length === 4
      );
    },
    20_000,
  );
  await victim.restart();
  await until(
    "node-3 ready and untainted",
    async () => {
      const node = await client.get<Node>(kinds.nodes, { name: "node-3" });
      return isNodeReady(node) && (node.spec?.taints ?? []).length === 0;
    },
    15_000,
  );
  await until(
    "what it had been told to end has ended",
    async () => (await podsOf("web")).every((pod) => pod.metadata.deletionTimestamp === undefined),
    15_000,
  );
});

test("a namespace is emptied and goes", { timeout: 30_000 }, async () => {
  await client.create(kinds.namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: "passing" } });
  await client.create(kinds.configMaps, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "words", namespace: "passing" } });
  await client.delete(kinds.namespaces, { name: "passing" });
  await until("namespace gone", () => isMissing(client.get(kinds.namespaces, { name: "passing" })), 15_000);
});

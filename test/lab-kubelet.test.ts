import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { isRunning, systemClock, systemRandom } from "../src/kernel/index.ts";
import { type KubeClient, createKubeClient, kinds } from "../src/kube/index.ts";
import { type TestApiServer, startApiServer } from "../src/lab/apiserver/testing/index.ts";
import { type Container, type Lease, type Node, type Pod, type PodSpec, isPodReady } from "../src/lab/objects/index.ts";
import { until } from "../src/kernel/testing/until.ts";
import { type TestKubelet, startTestKubelet } from "../src/lab/kubelet/testing/index.ts";

const BLOCK = 231;
let api: TestApiServer;
let kubelet: TestKubelet;
let client: KubeClient;

before(async () => {
  api = await startApiServer();
  const cluster = { server: api.url, credentials: { type: "token", token: api.adminToken }, namespace: "default" } as const;
  client = createKubeClient(
    { cluster, caller: { circuit: { windowMs: 1000, minimumCalls: 1000, failureShare: 1, openMs: 1, openCapMs: 1 } } },
    { clock: systemClock, random: systemRandom },
  );
  kubelet = await startTestKubelet(api, { block: BLOCK, number: 1 });
});
after(async () => {
  await kubelet.stop();
  await client.close();
  await api.close();
});

const host = (script: string, more: Partial<Container> = {}): Container => ({
  name: "main",
  image: "holdfast/host:lab",
  command: ["/bin/sh", "-c", script],
  ...more,
});
const demo = (more: Partial<Container> = {}): Container => ({
  name: "app",
  image: "holdfast/demo-app:lab",
  env: [
    { name: "APP_NAME", value: "cart" },
    { name: "DRAIN_MS", value: "0" },
  ],
  ports: [{ name: "http", containerPort: 8080 }],
  readinessProbe: { httpGet: { path: "/healthz", port: "http" }, periodSeconds: 1 },
  ...more,
});

async function createPod(name: string, spec: Partial<PodSpec> & Pick<PodSpec, "containers">): Promise<Pod> {
  const pod: Pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", labels: { app: name } },
    spec: { nodeName: "node-1", ...spec },
  };
  return client.create<Pod>(kinds.pods, pod);
}
const getPod = (name: string): Promise<Pod> => client.get<Pod>(kinds.pods, { namespace: "default", name });
const ready = (name: string): Promise<Pod> => until(`pod ${name} ready`, async () => getPod(name).then((pod) => isPodReady(pod) && pod));
const phase = (name: string, wanted: string): Promise<Pod> =>
  until(`pod ${name} ${wanted}`, async () => getPod(name).then((pod) => pod.status?.phase === wanted && pod));
const mainPid = (pod: Pod): number => {
  const dir = `${kubelet.config.stateDir}/pods/${pod.metadata.uid}/containers/${pod.spec.containers[0]?.name}/${(pod.status?.containerStatuses?.[0]?.restartCount ?? 0) + 1}`;
  return Number(readFileSync(`${dir}/pid`, "utf8").split("\n")[0]?.split(" ")[1]);
};

test("a kubelet registers its node with zone and addresses, and renews its Lease", { timeout: 10_000 }, async () => {
  const node = await until("node ready", async () => {
    const found = await client.get<Node>(kinds.nodes, { name: "node-1" });
    return found.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true && found;
  });
  assert.equal(node.metadata.labels?.["topology.kubernetes.io/zone"], "eu-central-1a");
  assert.deepEqual(node.status?.addresses, [
    { type: "InternalIP", address: `127.${BLOCK}.1.1` },
    { type: "Hostname", address: "node-1" },
  ]);
  const lease = (): Promise<Lease> => client.get<Lease>(kinds.leases, { namespace: "kube-node-lease", name: "node-1" });
  const first = (await until("lease", lease)).spec?.renewTime;
  await until("a renewal", async () => (await lease()).spec?.renewTime !== first);
});

test(
  "a pod runs as a process on an address of its own, becomes ready, answers, and goes when it is deleted",
  { timeout: 20_000 },
  async () => {
    await createPod("web", { containers: [demo()], terminationGracePeriodSeconds: 5 });
    const pod = await ready("web");
    assert.match(pod.status?.podIP ?? "", new RegExp(`^127\\.${BLOCK}\\.11\\.`));
    assert.equal(pod.status?.phase, "Running");
    const response = await fetch(`http://${pod.status?.podIP}:8080/x`);
    assert.equal(response.headers.get("x-app"), "cart");
    assert.deepEqual(await response.json(), {
      application: "cart",
      pod: "web",
      zone: "eu-central-1a",
      host: `${pod.status?.podIP}:8080`,
      path: "/x",
    });
    const pid = mainPid(pod);
    await client.delete(kinds.pods, { namespace: "default", name: "web" });
    await until("pod web gone", async () =>
      getPod("web").then(
        () => false,
        (error: { code?: string }) => error.code === "KUBE_NOT_FOUND",
      ),
    );
    assert.equal(isRunning({ pid, startTime: "" }), false);
  },
);

test("init containers run first, in order, with the pod's environment, volumes and config", { timeout: 20_000 }, async () => {
  const words = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "words", namespace: "default" }, data: { greeting: "hello" } };
  await client.create(kinds.configMaps, words);
  const volumeMounts = [
    { name: "shared-data", mountPath: "/data" },
    { name: "words", mountPath: "/words" },
  ];
  await createPod("init", {
    restartPolicy: "Never",
    volumes: [
      { name: "shared-data", emptyDir: {} },
      { name: "words", configMap: { name: "words" } },
    ],
    initContainers: [
      host('echo one >> "$VOLUME_SHARED_DATA/order"', { name: "one", volumeMounts }),
      host('echo two >> "$VOLUME_SHARED_DATA/order"', { name: "two", volumeMounts }),
    ],
    containers: [
      host('cat "$VOLUME_SHARED_DATA/order" "$VOLUME_WORDS/greeting"; echo " $WORD $0 on $NODE_NAME"', {
        volumeMounts,
        args: ["$(WORD)/$(NOBODY)"],
        env: [{ name: "WORD", valueFrom: { configMapKeyRef: { name: "words", key: "greeting" } } }],
      }),
    ],
  });
  const pod = await phase("init", "Succeeded");
  assert.equal(pod.status?.initContainerStatuses?.length, 2);
  const log = await fetch(`${kubelet.url}/containerLogs/default/init/main`);
  assert.equal(await log.text(), "one\ntwo\nhello hello hello/$(NOBODY) on node-1\n");
});

test("an image that is not in the table is ErrImagePull and nothing runs", { timeout: 10_000 }, async () => {
  await createPod("unknown", { containers: [{ name: "main", image: "nginx:latest" }], terminationGracePeriodSeconds: 1 });
  await until(
    "ErrImagePull",
    async () => (await getPod("unknown")).status?.containerStatuses?.[0]?.state.waiting?.reason === "ErrImagePull",
  );
  await client.delete(kinds.pods, { namespace: "default", name: "unknown" });
});

test("a failing container is restarted at once, then with back-off, and its former log is kept", { timeout: 20_000 }, async () => {
  await createPod("crash", { containers: [host("echo run; exit 3")], terminationGracePeriodSeconds: 1 });
  const pod = await until("CrashLoopBackOff", async () => {
    const found = await getPod("crash");
    const status = found.status?.containerStatuses?.[0];
    return status?.state.waiting?.reason === "CrashLoopBackOff" && status.restartCount >= 1 && found;
  });
  assert.equal(pod.status?.containerStatuses?.[0]?.lastState.terminated?.exitCode, 3);
  assert.equal(pod.status?.phase, "Running");
  await until("a further restart", async () => ((await getPod("crash")).status?.containerStatuses?.[0]?.restartCount ?? 0) >= 2);
  const previous = await fetch(`${kubelet.url}/containerLogs/default/crash/main?previous=true&timestamps=true`);
  assert.match(await previous.text(), /^\d{4}-.*Z run\n$/);
  await client.delete(kinds.pods, { namespace: "default", name: "crash" });
});

test("a liveness probe that fails has its container restarted", { timeout: 20_000 }, async () => {
  const livenessProbe = {
    exec: { command: ["/bin/sh", "-c", "test ! -e $VOLUME_FLAG/sick"] },
    periodSeconds: 1,
    failureThreshold: 1,
    timeoutSeconds: 5,
  };
  const script = 'if [ -e "$VOLUME_FLAG/sick" ]; then rm "$VOLUME_FLAG/sick"; else sleep 1; touch "$VOLUME_FLAG/sick"; fi; exec sleep 60';
  await createPod("sick", {
    volumes: [{ name: "flag", emptyDir: {} }],
    containers: [host(script, { livenessProbe, volumeMounts: [{ name: "flag", mountPath: "/flag" }] })],
    terminationGracePeriodSeconds: 1,
  });
  const pod = await until("restart", async () => {
    const found = await getPod("sick");
    return (
      found.status?.containerStatuses?.[0]?.restartCount === 1 && found.status.containerStatuses[0].state.running !== undefined && found
    );
  });
  assert.equal(pod.status?.containerStatuses?.[0]?.lastState.terminated?.exitCode, 143);
  await client.delete(kinds.pods, { namespace: "default", name: "sick" });
});

test("a graceful end runs the hook, sends SIGTERM and kills the group after the grace period", { timeout: 20_000 }, async () => {
  const script = "trap 'echo term' TERM; echo up; while :; do sleep 0.1; done";
  await createPod("stubborn", {
    containers: [host(script, { lifecycle: { preStop: { exec: { command: ["/bin/sh", "-c", 'echo hook > "$HOME/hook"'] } } } })],
    terminationGracePeriodSeconds: 1,
  });
  const pod = await phase("stubborn", "Running");
  const pid = mainPid(pod);
  await until("its first words", async () =>
    (await (await fetch(`${kubelet.url}/containerLogs/default/stubborn/main`)).text()).includes("up"),
  );
  const follow = fetch(`${kubelet.url}/containerLogs/default/stubborn/main?follow=true`).then((response) => response.text());
  await client.delete(kinds.pods, { namespace: "default", name: "stubborn" });
  await until("process gone", () => !isRunning({ pid, startTime: "" }));
  assert.equal(await follow, "up\nterm\n", "a follower gets all until the container's end");
});

test("a kubelet started again finds its running containers and neither loses nor doubles one", { timeout: 20_000 }, async () => {
  await createPod("steady", { containers: [demo({ name: "app" })], terminationGracePeriodSeconds: 1 });
  const pod = await ready("steady");
  const pid = mainPid(pod);
  await kubelet.restart();
  await until("the local API", async () => (await fetch(`${kubelet.url}/healthz`)).ok);
  await until(
    "node heard again",
    async () => (await client.get<Lease>(kinds.leases, { namespace: "kube-node-lease", name: "node-1" })).spec?.renewTime,
  );
  const later = await getPod("steady");
  assert.equal(isPodReady(later), true);
  assert.equal(later.status?.podIP, pod.status?.podIP);
  assert.equal(later.status?.containerStatuses?.[0]?.restartCount, 0);
  assert.equal(isRunning({ pid, startTime: "" }), true);
  process.kill(pid, "SIGKILL");
  await until("restart of an adopted container", async () => (await getPod("steady")).status?.containerStatuses?.[0]?.restartCount === 1);
  await client.delete(kinds.pods, { namespace: "default", name: "steady" });
});

test(
  "with the API server gone containers stopped on the node are restarted, and a new kubelet runs them too",
  { timeout: 30_000 },
  async () => {
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "credentials", namespace: "default" },
      data: { token: "c2VjcmV0" },
    };
    await client.create(kinds.secrets, secret);
    await createPod("alone", {
      volumes: [{ name: "credentials", secret: { secretName: "credentials" } }],
      containers: [demo({ volumeMounts: [{ name: "credentials", mountPath: "/credentials" }] })],
      terminationGracePeriodSeconds: 1,
    });
    const pod = await ready("alone");
    const url = `http://${pod.status?.podIP}:8080/`;
    await api.stop();
    const first = mainPid(pod);
    assert.equal((await fetch(`${kubelet.url}/containers/default/alone/app/stop?signal=KILL`, { method: "POST" })).status, 202);
    await until("restart without API server", async () => !isRunning({ pid: first, startTime: "" }) && (await fetch(url)).ok);
    await kubelet.restart();
    assert.equal((await fetch(url)).ok, true, "it ran on while the kubelet was away");
    assert.equal((await fetch(`${kubelet.url}/containers/default/alone/app/stop?signal=TERM`, { method: "POST" })).status, 202);
    await until("second restart", async () => {
      const list = (await (await fetch(`${kubelet.url}/pods`)).json()) as { items: Pod[] };
      return (
        list.items.find(({ metadata }) => metadata.name === "alone")?.status?.containerStatuses?.[0]?.restartCount === 2 &&
        (await fetch(url)).ok
      );
    });
    await api.restart();
    await until("what happened is told", async () => (await getPod("alone")).status?.containerStatuses?.[0]?.restartCount === 2);
    await client.delete(kinds.pods, { namespace: "default", name: "alone" });
  },
);

test("the local API answers bad requests with one line", { timeout: 10_000 }, async () => {
  for (const [method, path, status] of [
    ["GET", "/containerLogs/default/nobody/main", 404],
    ["POST", "/containers/default/nobody/main/stop?signal=HUP", 400],
    ["POST", "/containers/default/nobody/main/stop", 404],
    ["GET", "/nothing", 404],
  ] as const) {
    const response = await fetch(`${kubelet.url}${path}`, { method });
    assert.equal(response.status, status, path);
    assert.equal((await response.text()).trim().includes("\n"), false);
  }
});

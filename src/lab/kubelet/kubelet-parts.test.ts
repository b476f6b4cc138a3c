import assert from "node:assert/strict";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { seededRandom } from "../../kernel/index.ts";
import { ManualClock } from "../../kernel/testing/manual-clock.ts";
import type { Container, Pod, Probe } from "../objects/index.ts";
import { createAbsenceJudge } from "./absent-pods.ts";
import { createAddressPool } from "./address-pool.ts";
import { resolveCommand } from "./command.ts";
import { readKubeletConfig } from "./config.ts";
import { LogClock, type LogQuery, readLog } from "./container-log.ts";
import type { ContainerRecord } from "./container-record.ts";
import { nextRestartDelayMs } from "./crash-backoff.ts";
import { type EnvironmentSources, buildEnvironment, expand } from "./environment.ts";
import { decodePod } from "./pod-spec.ts";
import { computePodStatus } from "./pod-status.ts";
import { runProbe } from "./probe.ts";
import { type ProbeVerdict, startProber } from "./prober.ts";
import { prepareVolumes } from "./volumes.ts";

const root = mkdtempSync(join(tmpdir(), "holdfast-kubelet-parts-"));
after(() => rmSync(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));

const container = (more: Partial<Container> = {}): Container => ({ name: "main", image: "app:1", ...more });
const pod = (spec: Partial<Pod["spec"]> = {}): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p", namespace: "n", uid: "u", labels: { app: "x" } },
  spec: { containers: [container()], ...spec },
});
const sources: EnvironmentSources = {
  nodeName: "node-1",
  zone: "a",
  hostIP: "127.1.1.1",
  podIP: "127.1.11.1",
  volumes: new Map([["shared-data", "/real/data"]]),
  configMap: (name) => (name === "words" ? { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { a: "1" } } : undefined),
  secret: (name) =>
    name === "keys"
      ? { apiVersion: "v1", kind: "Secret", metadata: { name }, data: { k: Buffer.from("s3").toString("base64") } }
      : undefined,
};

test("variables are expanded as in Kubernetes", () => {
  const env = new Map([
    ["A", "1"],
    ["B", "$(A)"],
  ]);
  assert.equal(expand("$(A)-$(NONE)-$$(A)-$A-$(B)", env), "1-$(NONE)-$(A)-$A-$(A)");
});

test("a container's environment has the pod's facts, its mounts, and what it names", () => {
  const one = container({
    volumeMounts: [{ name: "shared-data", mountPath: "/data" }],
    envFrom: [{ prefix: "W_", configMapRef: { name: "words" } }],
    env: [
      { name: "LABEL", valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
      { name: "KEY", valueFrom: { secretKeyRef: { name: "keys", key: "k" } } },
      { name: "NONE", valueFrom: { secretKeyRef: { name: "keys", key: "absent", optional: true } } },
      { name: "BOTH", value: "$(LABEL)$(KEY)" },
    ],
  });
  assert.deepEqual(buildEnvironment(pod(), one, sources), {
    POD_IP: "127.1.11.1",
    POD_NAME: "p",
    POD_NAMESPACE: "n",
    NODE_NAME: "node-1",
    NODE_ZONE: "a",
    VOLUME_SHARED_DATA: "/real/data",
    W_a: "1",
    LABEL: "x",
    KEY: "s3",
    BOTH: "xs3",
  });
  const missing = container({ env: [{ name: "X", valueFrom: { configMapKeyRef: { name: "nobody", key: "k" } } }] });
  assert.throws(() => buildEnvironment(pod(), missing, sources), {
    code: "KUBELET_CONTAINER_CONFIG",
    message: /configmap "nobody" not found/,
  });
});

test("an image stands for a program; only a host image takes a command", () => {
  const settings = { images: { "app:1": ["/bin/app", "serve"] }, hostImages: ["host"] };
  assert.deepEqual(resolveCommand(settings, container({ args: ["--port=$(PORT)"] }), { PORT: "80" }), ["/bin/app", "serve", "--port=80"]);
  assert.deepEqual(resolveCommand(settings, container({ image: "host", command: ["sleep"], args: ["1"] }), {}), ["sleep", "1"]);
  assert.throws(() => resolveCommand(settings, container({ image: "nginx" }), {}), { code: "KUBELET_NO_IMAGE" });
  assert.throws(() => resolveCommand(settings, container({ image: "constructor" }), {}), { code: "KUBELET_NO_IMAGE" });
  assert.throws(() => resolveCommand(settings, container({ command: ["sh"] }), {}), { code: "KUBELET_CONTAINER_CONFIG" });
  assert.throws(() => resolveCommand(settings, container({ image: "host" }), {}), { code: "KUBELET_CONTAINER_CONFIG" });
});

test("volumes are folders; a path that leaves its volume is refused", () => {
  const wanted = pod({
    volumes: [
      { name: "e", emptyDir: {} },
      { name: "c", configMap: { name: "words", items: [{ key: "a", path: "deep/a.txt" }] } },
      { name: "s", secret: { secretName: "keys" } },
    ],
  });
  const folders = prepareVolumes(wanted, join(root, "volumes"), sources);
  assert.equal(readFileSync(join(folders.get("c") ?? "", "deep/a.txt"), "utf8"), "1");
  assert.equal(readFileSync(join(folders.get("s") ?? "", "k"), "utf8"), "s3");
  writeFileSync(join(folders.get("e") ?? "", "kept"), "");
  prepareVolumes(wanted, join(root, "volumes"), sources);
  assert.ok(existsSync(join(folders.get("e") ?? "", "kept")), "an emptyDir survives a restart");
  for (const volume of [
    { name: "c", configMap: { name: "words", items: [{ key: "a", path: "../out" }] } },
    { name: "c", configMap: { name: "nobody" } },
    { name: "h", hostPath: { path: "relative" } },
    { name: "h", hostPath: { path: "/nonexistent-holdfast", type: "Directory" } },
    { name: "../x", emptyDir: {} },
    { name: "n" },
  ]) {
    assert.throws(() => prepareVolumes(pod({ volumes: [volume] }), join(root, "refused"), sources), { code: "KUBELET_VOLUME" });
  }
});

test("addresses are given out in turn, once each, up to 254", () => {
  const pool = createAddressPool("127.9.11");
  assert.equal(pool.claim("127.9.11.3"), true);
  assert.equal(pool.claim("127.9.11.3"), false);
  assert.equal(pool.claim("127.9.12.4"), false);
  assert.equal(pool.allocate(), "127.9.11.4");
  const all = new Set(Array.from({ length: 252 }, () => pool.allocate()));
  assert.equal(all.size, 252);
  assert.throws(() => pool.allocate(), { code: "KUBELET_NO_ADDRESS" });
  pool.release("127.9.11.9");
  assert.equal(pool.allocate(), "127.9.11.9");
});

test("the first restart is immediate, later ones wait 10 s doubling to 300 s, a long run starts anew", () => {
  const options = { baseMs: 10_000, maxMs: 300_000, resetMs: 600_000 };
  const delays: number[] = [];
  let last: number | undefined;
  for (let count = 0; count < 8; count += 1) delays.push((last = nextRestartDelayMs(options, last, 100)));
  assert.deepEqual(delays, [0, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
  assert.equal(nextRestartDelayMs(options, 300_000, 600_000), 0);
});

test("a running pod that one list misses keeps running; two lists prove it gone, unless most of the node would go", async () => {
  const clock = new ManualClock();
  const judge = createAbsenceJudge(clock);
  const running = new Set(["a", "b", "c", "d"]);
  assert.deepEqual(judge.complete(running, new Set(["a", "b", "c"]), false), { gone: [], confirmAfterMs: 2000 });
  assert.deepEqual(judge.complete(running, running, false), { gone: [], confirmAfterMs: undefined }, "seen again: the doubt is over");
  judge.complete(running, new Set(["a", "b", "c"]), false);
  assert.deepEqual(judge.complete(running, new Set(["a", "b", "c"]), false), { gone: ["d"], confirmAfterMs: undefined });
  for (let list = 0; list < 10; list += 1)
    assert.deepEqual(judge.complete(running, new Set(), false).gone, [], "an empty list, however often at once");
  await clock.advance(120_000);
  assert.equal(judge.complete(running, new Set(), false).gone.length, 4);
  const rewound = createAbsenceJudge(clock);
  rewound.complete(running, new Set(["a", "b", "c"]), true);
  assert.deepEqual(rewound.complete(running, new Set(["a", "b", "c"]), true).gone, [], "a restored backup proves little");
});

const running = (ready: boolean): ContainerRecord => ({
  attempts: 1,
  state: { type: "running", startedAtMs: 0, verdict: { started: true, ready, healthy: true } },
});
const ended = (exitCode: number): ContainerRecord => ({
  attempts: 1,
  state: { type: "terminated", termination: { exitCode, reason: "x", startedAtMs: 0, finishedAtMs: 1000, containerId: "id" } },
});
const waiting: ContainerRecord = { attempts: 0, state: { type: "waiting", reason: "ContainerCreating" } };

test("phase and conditions follow from the containers", () => {
  const two = [container({ name: "one" }), container({ name: "two" })];
  const cases: readonly (readonly [string, ContainerRecord, ContainerRecord, string | undefined, string, string])[] = [
    ["both ready", running(true), running(true), "Always", "Running", "True"],
    ["one not ready", running(true), running(false), "Always", "Running", "False"],
    ["one not started", running(true), waiting, "Always", "Pending", "False"],
    ["one ended, will be restarted", running(true), ended(1), "Always", "Running", "False"],
    ["all ended well", ended(0), ended(0), "Never", "Succeeded", "False"],
    ["one failed", ended(0), ended(1), "Never", "Failed", "False"],
    ["failed, to be tried again", ended(0), ended(1), "OnFailure", "Running", "False"],
  ];
  for (const [what, one, other, restartPolicy, phase, ready] of cases) {
    const records = new Map([
      ["one", one],
      ["two", other],
    ]);
    const spec = { containers: two, ...(restartPolicy === undefined ? {} : { restartPolicy }) };
    const status = computePodStatus({ pod: pod(spec), records, hostIP: "h", podIP: "i", startedAtMs: 0, previous: undefined, nowMs: 5000 });
    assert.deepEqual([status.phase, status.conditions?.find(({ type }) => type === "Ready")?.status], [phase, ready], what);
  }
  const initFailed = pod({ initContainers: [container({ name: "init" })], restartPolicy: "Never" });
  const records = new Map([
    ["init", ended(1)],
    ["main", waiting],
  ]);
  assert.equal(
    computePodStatus({ pod: initFailed, records, hostIP: "h", podIP: "i", startedAtMs: 0, previous: undefined, nowMs: 0 }).phase,
    "Failed",
  );
  const over = computePodStatus({
    pod: pod({ restartPolicy: "Never" }),
    records: new Map([["main", running(true)]]),
    hostIP: "h",
    podIP: "i",
    startedAtMs: 0,
    previous: { phase: "Failed" },
    nowMs: 0,
  });
  assert.equal(over.phase, "Failed", "what has ended stays ended");
});

test("probes count to their thresholds; startup gates the others", async () => {
  const clock = new ManualClock();
  const answers = { Startup: false, Readiness: true, Liveness: true };
  const verdicts: ProbeVerdict[] = [];
  const asked: string[] = [];
  const kinds = new Map<Probe, keyof typeof answers>();
  const probe = (kind: keyof typeof answers, more: Partial<Probe> = {}): Probe => {
    const made: Probe = { periodSeconds: 1, failureThreshold: 2, ...more };
    kinds.set(made, kind);
    return made;
  };
  const prober = startProber(
    { startup: probe("Startup", { failureThreshold: 30 }), readiness: probe("Readiness"), liveness: probe("Liveness") },
    {
      clock,
      random: seededRandom(1),
      run: (one) => {
        const kind = kinds.get(one) ?? "Startup";
        asked.push(kind);
        return Promise.resolve({ success: answers[kind], message: "" });
      },
      changed: (verdict) => verdicts.push(verdict),
      failed: () => {},
    },
  );
  await clock.advance(3000);
  assert.deepEqual([...new Set(asked)], ["Startup"]);
  assert.deepEqual(prober.verdict, { started: false, ready: false, healthy: true });
  answers.Startup = true;
  await clock.advance(2000);
  assert.deepEqual(prober.verdict, { started: true, ready: true, healthy: true });
  answers.Readiness = false;
  await clock.advance(1000);
  assert.equal(prober.verdict.ready, true, "one failure is below the threshold");
  await clock.advance(1000);
  assert.equal(prober.verdict.ready, false);
  answers.Readiness = true;
  await clock.advance(1000);
  assert.equal(prober.verdict.ready, true);
  answers.Liveness = false;
  await clock.advance(2000);
  assert.equal(prober.verdict.healthy, false);
  prober.stop();
  assert.equal(clock.pending, 0);
});

test("an HTTP probe takes 200 to 399 for good and ends in time whatever the other side does", async () => {
  const server = createServer((request, response) => {
    if (request.url !== "/stall") response.writeHead(Number(request.url?.slice(1))).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const target = { host: "127.0.0.1", container: { ports: [{ name: "http", containerPort: port }] }, env: {}, workingDir: root };
  const ask = async (path: string, on: number | string = "http"): Promise<boolean> =>
    (await runProbe({ httpGet: { path, port: on }, timeoutSeconds: 0.3 }, target)).success;
  assert.deepEqual(await Promise.all(["/200", "/302", "/404", "/503", "/stall"].map((path) => ask(path))), [
    true,
    true,
    false,
    false,
    false,
  ]);
  assert.equal(await ask("/200", "nobody"), false);
  assert.equal((await runProbe({ tcpSocket: { port } }, target)).success, true);
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  assert.equal((await runProbe({ tcpSocket: { port } }, target)).success, false);
  assert.equal((await runProbe({ exec: { command: ["/bin/sh", "-c", "exit 1"] } }, target)).success, false);
});

async function linesOf(dir: string, query: Partial<LogQuery>): Promise<string> {
  const all: string[] = [];
  for await (const line of readLog(
    dir,
    { follow: false, timestamps: false, ...query },
    { clock: new ManualClock(), signal: new AbortController().signal, isOver: () => true },
  ))
    all.push(line);
  return all.join("");
}

test("a log gives its last lines, those since a time, each with its time, and is cut when it grows too long", async () => {
  const dir = mkdtempSync(join(root, "log-"));
  writeFileSync(join(dir, "log"), "");
  const clock = new LogClock(dir, 100);
  for (const [text, atMs] of [
    ["one\n", 1000],
    ["two\nthr", 2000],
    ["ee\n", 3000],
  ] as const) {
    appendFileSync(join(dir, "log"), text);
    clock.look(atMs);
  }
  assert.equal(await linesOf(dir, { tailLines: 2 }), "two\nthree\n");
  assert.equal(await linesOf(dir, { tailLines: 0 }), "");
  assert.equal(await linesOf(dir, { sinceMs: 1500 }), "two\nthree\n");
  assert.equal(await linesOf(dir, { limitBytes: 5 }), "one\nt");
  assert.equal(await linesOf(dir, { timestamps: true, tailLines: 1 }), "1970-01-01T00:00:02.000Z three\n");
  appendFileSync(join(dir, "log"), "x".repeat(200));
  clock.look(4000);
  assert.equal(await linesOf(dir, {}), "");
  assert.equal(readFileSync(join(dir, "log.1"), "utf8").length, 214);
  appendFileSync(join(dir, "log"), "new\n");
  clock.look(5000);
  clock.close();
  assert.equal(await linesOf(dir, { timestamps: true }), "1970-01-01T00:00:05.000Z new\n");
});

test("a pod whose spec has not the shape of one is refused alone, with the field", () => {
  const good = { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: { containers: [{ name: "main", image: "i" }] } };
  assert.equal(decodePod(good).metadata.name, "p");
  for (const spec of [
    undefined,
    {},
    { containers: [] },
    { containers: [{ name: "../x" }] },
    { containers: [{ name: "a", command: "sh" }] },
    { containers: [{ name: "a", env: [1] }] },
    { containers: [{ name: "a" }], volumes: {} },
  ]) {
    assert.throws(() => decodePod({ ...good, spec } as typeof good), { code: "KUBELET_BAD_POD", message: /^pod p: spec/ });
  }
});

test("a kubelet's configuration is checked field by field", () => {
  const good = {
    nodeName: "node-1",
    zone: "a",
    address: "127.1.1.1",
    podBlock: "127.1.11",
    api: { server: "http://127.1.0.1:6443", token: "t" },
    stateDir: "/tmp/x",
    images: {},
    allocatable: { cpu: "4" },
  };
  assert.equal(readKubeletConfig(good).crashBackoffMs, 10_000);
  for (const wrong of [
    { nodeName: "../x" },
    { address: "localhost" },
    { podBlock: "127.1" },
    { stateDir: "relative" },
    { allocatable: { cpu: "many" } },
    { leaseSeconds: 0 },
    { api: { server: "nowhere", token: "t" } },
  ]) {
    assert.throws(
      () => readKubeletConfig({ ...good, ...wrong }),
      { code: "KUBELET_BAD_CONFIG", message: /must be/ },
      JSON.stringify(wrong),
    );
  }
});

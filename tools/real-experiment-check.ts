// Plays experiments against a real etcd, kube-apiserver and kube-controller-manager, with no more rights than deploy/experiment-rbac.yaml gives
// (docs/how-to/experiments-on-a-cluster.md). By hand: bin/node tools/real-experiment-check.ts [--keep]
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { ControlPlane, KUBE_BINARIES } from "./real-apiserver-check/control-plane.ts";

const ROOT = new URL("..", import.meta.url).pathname;
const { values: flags } = parseArgs({ options: { keep: { type: "boolean", default: false } } });
const PATIENCE_MS = 60_000;

/** What the role must not allow: verb, resource, namespace (all where it is empty). */
const FORBIDDEN: readonly (readonly [verb: string, resource: string, namespace: string])[] = [
  ["delete", "pods", "default"],
  ["delete", "pods", "kube-system"],
  ["patch", "deployments.apps", "default"],
  ["create", "networkpolicies.networking.k8s.io", "default"],
  ["create", "pods", "shop"],
  ["create", "deployments.apps", "shop"],
  ["delete", "deployments.apps", "shop"],
  ["create", "pods/exec", "shop"],
  ["get", "secrets", "shop"],
  ["list", "secrets", ""],
  ["get", "configmaps", "shop"],
  ["delete", "nodes", ""],
  ["create", "nodes", ""],
  ["create", "namespaces", ""],
  ["delete", "namespaces", ""],
  ["create", "clusterrolebindings.rbac.authorization.k8s.io", ""],
  ["create", "serviceaccounts/token", "holdfast-experiments"],
  ["impersonate", "users", ""],
];

const failures: string[] = [];
let passed = 0;

function check(what: string, isSo: boolean, seen = ""): void {
  if (isSo) passed++;
  else failures.push(`${what}${seen === "" ? "" : `: ${seen}`}`);
  process.stdout.write(`${isSo ? "ok  " : "FAIL"} ${what}${isSo || seen === "" ? "" : `\n     ${seen}`}\n`);
}

if (!existsSync(join(KUBE_BINARIES, "kube-apiserver"))) {
  process.stdout.write(`not run: ${KUBE_BINARIES}/kube-apiserver is missing; build it with tools/build-kube.sh all\n`);
  process.exitCode = 2;
} else {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-real-experiment-"));
  try {
    await functionsOfChaosk8s(join(folder, "functions"));
    await experiments(join(folder, "experiments"));
  } finally {
    if (flags.keep) process.stdout.write(`kept: ${folder}\n`);
    else rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  process.stdout.write(`${passed} passed, ${failures.length} failed\n`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}

/** All recorded calls, those too whose kinds the lab does not have; nothing but the API server changes the objects. */
async function functionsOfChaosk8s(directory: string): Promise<void> {
  const plane = await controlPlane(directory, "etcd", "apiserver");
  try {
    const test = join(ROOT, "test/experiment/aliases.test.ts");
    const run = spawnSync(process.execPath, ["--test", test], {
      encoding: "utf8",
      env: { ...process.env, HOLDFAST_REAL_CONTROL_PLANE: directory },
    });
    check("functions of chaosk8s answer what the package answered on a real API server", run.status === 0, run.stdout.slice(0, 2_000));
  } finally {
    await plane.close();
  }
}

async function experiments(directory: string): Promise<void> {
  const plane = await controlPlane(directory, "etcd", "apiserver", "controllers");
  try {
    plane.apply(world());
    plane.apply(readFileSync(join(ROOT, "deploy/experiment-rbac.yaml"), "utf8"));
    const token = plane.kubectl("create", "token", "experiment", "-n", "holdfast-experiments").trim();
    const kubeconfig = kubeconfigOf(plane, token);
    await pods(plane, 3);
    const file = join(ROOT, "docs/examples/experiment-on-a-cluster.yaml");
    const before = plane.kubectl("get", "pods", "-n", "shop", "-o", "name").trim().split("\n");
    const { status, said, journal } = play(directory, file, kubeconfig);
    check("the example holds on a real cluster, with the role's rights alone", status === 0, said);
    const faults = journal?.holdfast.faults ?? [];
    check(
      "each fault was seen by its witness",
      faults.length === 3 && faults.every(({ witnessedAt }) => witnessedAt !== null),
      JSON.stringify(faults),
    );
    check(
      "what can be put back was seen to be back",
      faults.every(({ isFinal, revertedAt }) => isFinal || revertedAt !== null),
      JSON.stringify(faults),
    );
    await pods(plane, 3);
    const after = plane.kubectl("get", "pods", "-n", "shop", "-o", "name").trim().split("\n");
    check(
      "a pod was really killed, and its owner made another",
      after.some((name) => !before.includes(name)),
      after.join(" "),
    );
    const node = plane.kubectl("get", "node", "node-1", "-o", "jsonpath={.spec.unschedulable}").trim();
    check("the node takes pods again", node === "", node);
    check(
      "the Deployment wants three again",
      plane.kubectl("get", "deployment", "cart", "-n", "shop", "-o", "jsonpath={.spec.replicas}") === "3",
    );
    elsewhere(directory, kubeconfig);
    budgets(plane, directory, kubeconfig);
    for (const [verb, resource, namespace] of FORBIDDEN) {
      const where = namespace === "" ? ["--all-namespaces"] : ["-n", namespace];
      const user = ["--as", "system:serviceaccount:holdfast-experiments:experiment", "--as-group", "system:authenticated"];
      check(
        `the role may not ${verb} ${resource} in ${namespace === "" ? "all" : namespace}`,
        !isAllowed(plane, verb, resource, [...where, ...user]),
      );
    }
  } finally {
    await plane.close();
  }
}

/** The role breaks nothing where it is not bound, and says so. */
function elsewhere(directory: string, kubeconfig: string): void {
  const file = experiment(directory, "elsewhere", [
    { type: "holdfast", activity: "pods/kill", arguments: { namespace: "other", labels: "app=other", amount: 1 } },
  ]);
  const { status, said } = play(directory, file, kubeconfig);
  check(
    "in a namespace where the role is not bound nothing is broken, and the run is no success",
    status === 3 && /KUBE_FORBIDDEN|403/.test(said),
    said,
  );
}

/** The API server refuses what a PodDisruptionBudget forbids; other people's files are played by the same rights. */
function budgets(plane: ControlPlane, directory: string, kubeconfig: string): void {
  plane.apply(
    JSON.stringify({
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "cart", namespace: "shop" },
      spec: { minAvailable: 3, selector: { matchLabels: { app: "cart" } } },
    }),
  );
  const killed = experiment(directory, "budget", [
    { type: "holdfast", activity: "pods/kill", arguments: { namespace: "shop", labels: "app=cart", amount: 1 } },
  ]);
  const refused = play(directory, killed, kubeconfig);
  check(
    "a pod whose budget allows no more to go is spared",
    refused.status === 3 && /shop\/cart allows no more to go/.test(refused.said),
    refused.said,
  );
  const theirs = experiment(directory, "theirs", [
    {
      type: "python",
      module: "chaosk8s.networking.actions",
      func: "deny_all_ingress",
      arguments: { ns: "shop", label_selectors: { app: "cart" } },
    },
    {
      type: "python",
      module: "chaosk8s.deployment.actions",
      func: "scale_deployment",
      arguments: { name: "cart", ns: "shop", replicas: 4 },
    },
    { type: "python", module: "chaosk8s.node.actions", func: "cordon_node", arguments: { name: "node-1" } },
  ]);
  const { status, said } = play(directory, theirs, kubeconfig);
  check("a file for chaosk8s is played with the same rights", status === 0, said);
  const left = plane.kubectl("get", "networkpolicies", "-n", "shop", "-o", "name").trim();
  check("nothing of it stays, though it has no rollbacks", left === "", left);
}

function isAllowed(plane: ControlPlane, verb: string, resource: string, more: readonly string[]): boolean {
  try {
    return plane.kubectl("auth", "can-i", verb, resource, ...more).trim() !== "no";
  } catch {
    return false; // kubectl ends with 1 when it is not allowed
  }
}

interface Played {
  readonly status: number | null;
  readonly said: string;
  readonly journal:
    | { readonly holdfast: { readonly faults: readonly { witnessedAt: string | null; revertedAt: string | null; isFinal: boolean }[] } }
    | undefined;
}

function play(directory: string, file: string, kubeconfig: string): Played {
  const journal = join(directory, "journal.json");
  rmSync(journal, { force: true });
  const args = ["experiment", "run", file, "--kubeconfig", kubeconfig, "--journal", journal, "--state", join(directory, "runs")];
  const run = spawnSync(join(ROOT, "bin/holdfast"), args, { encoding: "utf8", timeout: PATIENCE_MS * 2 });
  const written = existsSync(journal) ? (JSON.parse(readFileSync(journal, "utf8")) as Played["journal"]) : undefined;
  return { status: run.status, said: run.stderr, journal: written };
}

function experiment(directory: string, name: string, method: readonly object[]): string {
  const file = join(directory, `${name}.json`);
  const arguments_ = { namespace: "shop", labels: "app=cart" };
  const probe = {
    type: "probe",
    name: "pods",
    tolerance: [1, 100],
    provider: { type: "holdfast", activity: "pods/count", arguments: arguments_ },
  };
  const actions = method.map((provider, at) => ({ type: "action", name: `action ${at}`, provider }));
  const hypothesis = { title: "it has pods", probes: [probe] };
  writeFileSync(file, JSON.stringify({ title: name, description: name, "steady-state-hypothesis": hypothesis, method: actions }));
  return file;
}

/** A Deployment in a namespace that is given and one that is not, and a node, which nobody answers for. */
function world(): string {
  const deployment = (namespace: string, app: string): object => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: app, namespace },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app } },
      template: { metadata: { labels: { app } }, spec: { containers: [{ name: "main", image: "demo" }] } },
    },
  });
  const namespace = (name: string): object => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  const node = { apiVersion: "v1", kind: "Node", metadata: { name: "node-1" } };
  const items = [namespace("shop"), namespace("other"), node, deployment("shop", "cart"), deployment("other", "other")];
  return JSON.stringify({ apiVersion: "v1", kind: "List", items });
}

async function pods(plane: ControlPlane, count: number): Promise<void> {
  for (const untilMs = Date.now() + PATIENCE_MS; ; await pause(200)) {
    const names = plane.kubectl("get", "pods", "-n", "shop", "-l", "app=cart", "-o", "name").trim().split("\n");
    if (names.length === count) return;
    if (Date.now() > untilMs) throw new Error(`there are ${names.length} pods, not ${count}`);
  }
}

function kubeconfigOf(plane: ControlPlane, token: string): string {
  const file = join(plane.directory, "experiment.kubeconfig");
  const cluster = { server: `https://127.0.0.1:${plane.port}`, "certificate-authority": join(plane.directory, "pki/ca.crt") };
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "experiment",
    clusters: [{ name: "real", cluster }],
    users: [{ name: "experiment", user: { token } }],
    contexts: [{ name: "experiment", context: { cluster: "real", user: "experiment" } }],
  };
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}

async function controlPlane(directory: string, ...parts: readonly ("etcd" | "apiserver" | "controllers")[]): Promise<ControlPlane> {
  const plane = new ControlPlane(directory, await freePort());
  await plane.start(...parts);
  return plane;
}

/** The control plane takes this one and the three after it; below those that connections are given. */
async function freePort(): Promise<number> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 10_000);
    const free = await Promise.all([0, 1, 2, 3].map((at) => isFree(first + at)));
    if (free.every(Boolean)) return first;
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

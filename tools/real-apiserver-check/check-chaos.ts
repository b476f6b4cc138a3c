import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, until } from "./report.ts";
import type { Scene } from "./scene.ts";

const DEPLOYMENT = `
apiVersion: v1
kind: Namespace
metadata: { name: chaos-shop }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: cart, namespace: chaos-shop, labels: { holdfast.dev/chaos: enabled } }
spec:
  replicas: 3
  selector: { matchLabels: { app: cart } }
  template:
    metadata: { labels: { app: cart } }
    spec: { containers: [{ name: app, image: app }] }
`;
const BUDGET = `
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: cart, namespace: chaos-shop }
spec: { minAvailable: 3, selector: { matchLabels: { app: cart } } }
`;
const PODS = "/api/v1/namespaces/chaos-shop/pods";
const READY = { status: { phase: "Running", conditions: [{ type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" }] } };

interface Pods {
  readonly items: readonly { readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string } }[];
}

/** The killer with deploy/chaos-rbac.yaml and nothing else, among real Deployment, ReplicaSet and disruption controllers. Pods are made ready by hand: there is no kubelet. */
export async function checkChaos({ plane, report, directory }: Scene): Promise<void> {
  const kubeconfig = join(directory, "chaos.kubeconfig");
  const killer = async (...args: readonly string[]): Promise<{ readonly code: number | null; readonly said: string }> => {
    const child = spawn(new URL("../../bin/holdfast", import.meta.url).pathname, ["chaos", ...args, "--kubeconfig", kubeconfig]);
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
    return { code: code as number | null, said: stdout + stderr };
  };
  const pods = async (): Promise<Pods["items"]> =>
    ((await plane.api("GET", PODS)) as Pods).items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const makeReady = async (): Promise<void> => {
    for (const { metadata } of await pods()) await plane.api("PATCH", `${PODS}/${metadata.name}/status`, READY);
  };
  const run = (...args: readonly string[]): ReturnType<typeof killer> =>
    killer("run", "--namespace", "chaos", "--interval", "3s", "--max-runtime", "9s", "--admin", "127.0.0.1:0", ...args);

  await report.check("chaos: the rights of deploy/chaos-rbac.yaml are granted, and no others", async () => {
    plane.apply(readFileSync(new URL("../../deploy/chaos-rbac.yaml", import.meta.url), "utf8"));
    const token = plane.kubectl("create", "token", "holdfast-chaos", "--namespace", "chaos", "--duration", "1h").trim();
    const ca = readFileSync(join(directory, "pki/ca.crt")).toString("base64");
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        clusters: [{ name: "c", cluster: { server: `https://127.0.0.1:${plane.port}`, "certificate-authority-data": ca } }],
        users: [{ name: "u", user: { token } }],
        contexts: [{ name: "x", context: { cluster: "c", user: "u", namespace: "chaos" } }],
        "current-context": "x",
      }),
    );
    const can = (...what: readonly string[]): boolean => {
      try {
        return plane.kubectl("auth", "can-i", ...what, "--as", "system:serviceaccount:chaos:holdfast-chaos").trim() === "yes";
      } catch {
        return false;
      }
    };
    await until("it may evict", 10_000, async () => can("create", "pods", "--subresource", "eviction", "-n", "chaos-shop"));
    const tooMuch = [
      ["delete", "pods", "-n", "chaos-shop"],
      ["get", "secrets", "-n", "chaos"],
      ["create", "pods", "-n", "chaos"],
      ["update", "configmaps/other", "-n", "chaos"],
      ["patch", "deployments", "-n", "chaos-shop"],
      ["patch", "namespaces/chaos"],
      ["create", "pods", "--subresource", "exec", "-n", "chaos-shop"],
    ].filter((what) => can(...what));
    expect(tooMuch.length === 0, `it may ${tooMuch.map((what) => what.join(" ")).join("; ")}`);
    return undefined;
  });

  await report.check("chaos: with these rights a pod is evicted, recorded and told of, and its Deployment makes it again", async () => {
    plane.apply(DEPLOYMENT);
    await until("three pods", 60_000, async () => (await pods()).length === 3);
    await makeReady();
    await until(
      "the Deployment is whole",
      60_000,
      async () => plane.kubectl("-n", "chaos-shop", "get", "deployment", "cart", "-o", "jsonpath={.status.readyReplicas}") === "3",
    );
    const before = (await pods()).map(({ metadata }) => metadata.uid);
    const { code, said } = await run("--no-dry-run");
    expect(code === 0, said);
    const gone = before.filter((uid) => said.includes(uid));
    expect(gone.length === 1, `one pod of ${before.join(" ")} was to be killed: ${said}`);
    const after = await pods();
    expect(after.length === 3 && after.every(({ metadata }) => metadata.uid !== gone[0]), "the pod is still there, or was not made again");
    const events = plane.kubectl("-n", "chaos-shop", "get", "events", "-o", "jsonpath={.items[*].message}");
    expect(events.includes("was killed"), `no Event says so: ${events}`);
    const record = plane.kubectl("-n", "chaos", "get", "configmap", "holdfast-chaos", "-o", "jsonpath={.data.record\\.json}");
    expect(record.includes('"outcome":"killed"'), `the record says ${record}`);
    expect(
      /Deployment cart: .*(rollout|ready)/.test((await killer("plan")).said),
      "the plan does not say that the Deployment is not whole now",
    );
    return `1 of 3, and ${(/"said":"[^"]*"/.exec(said) ?? [""])[0]}`;
  });

  await report.check("chaos: a PodDisruptionBudget that allows nobody to go is seen before, and no lever is needed", async () => {
    plane.apply(BUDGET);
    await makeReady();
    await until(
      "the Deployment is whole",
      60_000,
      async () => plane.kubectl("-n", "chaos-shop", "get", "deployment", "cart", "-o", "jsonpath={.status.readyReplicas}") === "3",
    );
    await until(
      "the budget is known",
      60_000,
      async () => plane.kubectl("-n", "chaos-shop", "get", "pdb", "cart", "-o", "jsonpath={.status.currentHealthy}") === "3",
    );
    const { said } = await killer("plan");
    expect(/PodDisruptionBudget chaos-shop\/cart allows nobody to go now/.test(said), said);
    const before = (await pods()).map(({ metadata }) => metadata.uid).toSorted();
    const { said: ran } = await run("--no-dry-run");
    expect(/nobody could be killed/.test(ran), ran);
    expect(
      (await pods())
        .map(({ metadata }) => metadata.uid)
        .toSorted()
        .join() === before.join(),
      "somebody was killed all the same",
    );
    return undefined;
  });
}

import { createSign } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { answers, createIngress, ingress, sliceOf, startTraffic } from "./applications.ts";
import type { ControlPlane } from "./control-plane.ts";
import { expect, stays, until } from "./report.ts";
import { Router } from "./router.ts";
import type { Scene } from "./scene.ts";

const ROLE = "/apis/rbac.authorization.k8s.io/v1/clusterroles/holdfast-router";
const TOKEN_SECONDS = 12;
const SLICE = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/cart-byhand";

interface Role {
  readonly rules: readonly { readonly resources: readonly string[]; readonly verbs: readonly string[] }[];
}

/** Who the router is, and what it may do: certificates, tokens that expire, rights that are taken away. */
export async function checkCredentials({ plane, report, directory, isLong }: Scene): Promise<void> {
  const check = report.check.bind(report);
  await check("a kubeconfig with paths relative to itself", async () => {
    const file = join(directory, "relative.kubeconfig");
    writeFileSync(file, kubeconfig(plane, "pki/ca.crt", "{ client-certificate: pki/router.crt, client-key: pki/router.key }"));
    const router = new Router("relative", 8010, directory, file);
    await router.start();
    const ms = await until("live", 10_000, async () => (await router.status()).source === "live");
    await router.stop();
    return `live after ${ms} ms`;
  });

  await check("a token file that is replaced before its token expires: never stale", async () => {
    const token = await tokenMaker(plane);
    const file = join(directory, "token");
    const write = (seconds: number): void => {
      writeFileSync(`${file}.new`, token(seconds));
      renameSync(`${file}.new`, file);
    };
    write(TOKEN_SECONDS);
    const kubeconfigFile = join(directory, "token.kubeconfig");
    writeFileSync(kubeconfigFile, kubeconfig(plane, "pki/ca.crt", "{ tokenFile: token }"));
    const router = new Router("token", 8020, directory, kubeconfigFile);
    await router.start();
    await until("live", 10_000, async () => (await router.status()).source === "live");
    const rotation = setInterval(() => write(TOKEN_SECONDS), 5_000);
    try {
      await stays(
        "live",
        isLong ? 120_000 : 45_000,
        async () => (await router.status()).source === "live" || (await router.status()).source,
      );
    } finally {
      clearInterval(rotation);
    }
    const traffic = startTraffic(router, [["cart.lab", "cart"]]);
    await pause(TOKEN_SECONDS * 1_000);
    await endWatches(plane);
    await until("stale once the file is no longer replaced", 120_000, async () => (await router.status()).source === "stale");
    const { sources } = await router.status();
    const problem = sources["Ingress"]?.problem ?? "";
    expect(/401/.test(problem) || /circuit|not called/.test(problem), `Ingress: ${JSON.stringify(sources["Ingress"])}`);
    write(600);
    const ms = await until("live again", 30_000, async () => (await router.status()).source === "live");
    const said = await traffic.end();
    await router.stop();
    return `expired: stale, ${said}; live ${ms} ms after a fresh token; it says: ${problem.slice(0, 160)}`;
  });

  await check("a verb taken away on one kind: that kind is frozen, the others go on, and it catches up", async () => {
    const router = new Router("rights", 8030, directory, plane.routerKubeconfig);
    await router.start();
    await until("live", 10_000, async () => (await router.status()).source === "live");
    const traffic = startTraffic(router, [["shop.lab", "storefront"]]);
    const role = (await plane.api("GET", ROLE)) as Role;
    const rules = role.rules.map((rule) => (rule.resources.includes("ingresses") ? { ...rule, resources: ["ingressclasses"] } : rule));
    await plane.api("PATCH", ROLE, { rules });
    await endWatches(plane);
    const failingMs = await until("failing", 60_000, async () => (await router.status()).sources["Ingress"]?.state === "failing");
    const { sources } = await router.status();
    await createIngress(plane, ingress("meanwhile", "meanwhile.lab", "cart"));
    await plane.api("PATCH", SLICE, sliceOf("shop", "cart", ["10.201.0.22"]));
    await until("another kind's change", 3_000, () => answers(router, "cart.lab", "cart-two"));
    await stays(
      "frozen",
      1_000,
      async () => (await router.get("meanwhile.lab")).status === 404 || (await router.get("meanwhile.lab")).status === 503,
    );
    await plane.api("PATCH", ROLE, { rules: role.rules });
    const backMs = await until("caught up", 30_000, () => answers(router, "meanwhile.lab", "cart-two"));
    await plane.api("PATCH", SLICE, sliceOf("shop", "cart", ["10.201.0.12"]));
    await until("restored", 3_000, () => answers(router, "cart.lab", "cart"));
    const said = await traffic.end();
    await router.stop();
    return `failing after ${failingMs} ms, back ${backMs} ms after the right was; ${said}; it says: ${sources["Ingress"]?.problem?.slice(0, 200) ?? ""}`;
  });
}

/** kube-apiserver asks who somebody is, and what he may do, when a watch begins: those that are open go on, for five to ten minutes. */
async function endWatches(plane: ControlPlane): Promise<void> {
  await plane.kill("apiserver");
  await plane.start("apiserver");
}

function kubeconfig(plane: ControlPlane, ca: string, user: string): string {
  return `apiVersion: v1
kind: Config
current-context: real
clusters: [{ name: real, cluster: { server: "https://127.0.0.1:${plane.port}", certificate-authority: ${ca} } }]
users: [{ name: router, user: ${user} }]
contexts: [{ name: real, context: { cluster: real, user: router } }]
`;
}

/**
 * TokenRequest gives no token for less than ten minutes, so what it gave is signed anew, with the cluster's own key, for as many seconds as are asked for.
 */
async function tokenMaker(plane: ControlPlane): Promise<(seconds: number) => string> {
  await plane.api("POST", "/api/v1/namespaces/default/serviceaccounts", {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "router" },
  });
  await plane.api("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: "router-account" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "holdfast-router" },
    subjects: [{ kind: "ServiceAccount", name: "router", namespace: "default" }],
  });
  const path = "/api/v1/namespaces/default/serviceaccounts/router/token";
  const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 600 } };
  const given = (await plane.api("POST", path, request)) as { readonly status: { readonly token: string } };
  const [head = "", payload = ""] = given.status.token.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>;
  const key = readFileSync(join(plane.directory, "pki/sa.key"));
  return (seconds) => {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const body = Buffer.from(JSON.stringify({ ...claims, iat: nowSeconds, nbf: nowSeconds, exp: nowSeconds + seconds })).toString(
      "base64url",
    );
    return `${head}.${body}.${createSign("sha256").update(`${head}.${body}`).sign(key).toString("base64url")}`;
  };
}

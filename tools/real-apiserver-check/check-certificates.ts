import { once } from "node:events";
import { connect } from "node:tls";
import { servedSubject } from "../../src/x509/testing/served-subject.ts";
import { type Issued, TestAuthority } from "../../src/x509/testing/test-authority.ts";
import { INGRESSES, answers, createIngress, ingress } from "./applications.ts";
import type { ControlPlane } from "./control-plane.ts";
import { expect, stays, until } from "./report.ts";
import { Router } from "./router.ts";
import type { Scene } from "./scene.ts";

const SECRETS = "/api/v1/namespaces/shop/secrets";
const BINDINGS = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
const PORT = 8200;
const TLS_PORT = 8202;

const authority = new TestAuthority();
const subjectOf = (name: string): Promise<string | undefined> => servedSubject(TLS_PORT, name, authority.certificate);

/** Certificates from Secrets: created, replaced, broken, deleted, and the right to read them given and taken away. */
export async function checkCertificates({ plane, report, directory }: Scene): Promise<void> {
  const check = report.check.bind(report);
  const router = new Router("certificates", PORT, directory, plane.routerKubeconfig, [
    "--listen-tls",
    `127.0.0.1:${TLS_PORT}`,
    "--tls-secrets",
    // Each worker looks for new certificates by itself: what one shows is not what all do.
    "--workers",
    "1",
  ]);
  await router.start();
  await createIngress(plane, withTls("secured", "secured-tls"));
  await createSecret(plane, "secured-tls", authority.issue(["secured.lab"], "first"));

  await check("without the right to read Secrets routes are served and live, and it says what is missing", async () => {
    await until("served", 15_000, () => answers(router, "secured.lab", "cart"));
    await until("the problem", 15_000, async () => {
      const { sources, source } = await router.status();
      return (
        (source === "live" && /forbidden|403/i.test(sources["Secret"]?.problem ?? "")) || JSON.stringify({ source, ...sources["Secret"] })
      );
    });
    expect((await subjectOf("secured.lab")) === undefined, "a certificate is served");
    return (await router.status()).sources["Secret"]?.problem?.slice(0, 160);
  });

  await check("the right granted while the router runs: the certificate is served", async () => {
    plane.kubectl("apply", "-f", new URL("../../deploy/router-tls-rbac.yaml", import.meta.url).pathname);
    plane.kubectl("create", "clusterrolebinding", "holdfast-router-tls", "--clusterrole=holdfast-router-tls", "--user=router");
    return `${await until("served", 60_000, () => shows("secured.lab", "first"))} ms after the right`;
  });

  await check("a Secret replaced is served at once, and connections stay", async () => {
    const kept = connect({ port: TLS_PORT, host: "127.0.0.1", ca: authority.certificate, servername: "secured.lab" });
    await once(kept, "secureConnect");
    await plane.api("PATCH", `${SECRETS}/secured-tls`, { data: dataOf(authority.issue(["secured.lab"], "second")) });
    const ms = await until("the new one", 10_000, () => shows("secured.lab", "second"));
    kept.write("GET / HTTP/1.1\r\nHost: secured.lab\r\n\r\n");
    const [answer] = (await once(kept, "data")) as [Buffer];
    kept.destroy();
    expect(answer.toString().startsWith("HTTP/1.1 200 "), answer.toString().slice(0, 80));
    return `${ms} ms`;
  });

  await check("an Ingress that comes before its Secret is told to its owner, and served when the Secret comes", async () => {
    await createIngress(plane, withTls("early", "early-tls"));
    await until("Event", 15_000, () =>
      Promise.resolve(plane.kubectl("describe", "ingress", "-n", "shop", "early").includes("no Secret shop/early-tls")),
    );
    await createSecret(plane, "early-tls", authority.issue(["early.lab"]));
    return `${await until("served", 10_000, () => shows("early.lab", "early.lab"))} ms after the Secret`;
  });

  await check("a Secret of another type, or with another's key, is not served and told; the others go on", async () => {
    await createIngress(plane, withTls("opaque", "opaque-tls"));
    await createSecret(plane, "opaque-tls", authority.issue(["opaque.lab"]), "Opaque");
    await until("told", 10_000, async () => tells(router, "Ingress shop/opaque", /of type kubernetes\.io\/tls/));
    const { certificate } = authority.issue(["early.lab"]);
    await plane.api("PATCH", `${SECRETS}/early-tls`, { data: { "tls.crt": base64(certificate) } });
    await until("told", 10_000, async () => tells(router, "Secret shop/early-tls", /tls\.key is not the key of tls\.crt/));
    await stays(
      "served",
      1_000,
      async () => (await shows("early.lab", "early.lab")) === true && (await shows("secured.lab", "second")) === true,
    );
    return undefined;
  });

  await check("a certificate for a host of another Ingress is not served for it", async () => {
    await createSecret(plane, "thief-tls", authority.issue(["secured.lab", "thief.lab"], "thief", 900));
    await createIngress(plane, withTls("thief", "thief-tls", ["thief.lab", "secured.lab"]));
    await until("its own host", 10_000, () => shows("thief.lab", "thief"));
    await stays("the other's", 1_000, () => shows("secured.lab", "second"));
    return undefined;
  });

  await check("the right taken away, and watches ended: all is served as it was, also after a restart of the router", async () => {
    await plane.api("DELETE", `${BINDINGS}/holdfast-router-tls`);
    await plane.kill("apiserver");
    await plane.start("apiserver");
    const ms = await until("forbidden", 90_000, async () => {
      const source = (await router.status()).sources["Secret"];
      return (source?.state === "failing" && /403 Forbidden/.test(source.problem ?? "")) || JSON.stringify(source);
    });
    expect((await shows("secured.lab", "second")) === true, "it is not served any more");
    await router.stop();
    await router.start();
    await until("served", 10_000, () => shows("secured.lab", "second"));
    plane.kubectl("create", "clusterrolebinding", "holdfast-router-tls", "--clusterrole=holdfast-router-tls", "--user=router");
    await until("live", 60_000, async () => (await router.status()).sources["Secret"]?.state === "live");
    return `forbidden after ${ms} ms`;
  });

  await check("a Secret deleted is no longer served; the others are", async () => {
    await plane.api("DELETE", `${SECRETS}/thief-tls`);
    const ms = await until("gone", 15_000, async () => (await subjectOf("thief.lab")) === undefined);
    expect((await shows("secured.lab", "second")) === true, "another's certificate is gone, too");
    await until("told", 10_000, async () => tells(router, "Ingress shop/thief", /there is no Secret shop\/thief-tls/));
    return `${ms} ms`;
  });

  for (const name of ["secured", "early", "opaque", "thief"]) await plane.api("DELETE", `${INGRESSES}/${name}`);
  await router.stop();
}

function withTls(name: string, secretName: string, hosts: readonly string[] = [`${name}.lab`]): object {
  const object = ingress(name, `${name}.lab`, "cart") as { readonly spec: object };
  return { ...object, spec: { ...object.spec, tls: [{ hosts, secretName }] } };
}

function createSecret(plane: ControlPlane, name: string, issued: Issued, type = "kubernetes.io/tls"): Promise<unknown> {
  return plane.api("POST", SECRETS, {
    apiVersion: "v1",
    kind: "Secret",
    type,
    metadata: { name, namespace: "shop" },
    data: dataOf(issued),
  });
}

function dataOf({ certificate, key }: Issued): object {
  return { "tls.crt": base64(certificate), "tls.key": base64(key) };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

async function tells(router: Router, object: string, message: RegExp): Promise<boolean | string> {
  const { problems } = await router.status();
  return problems.some((problem) => problem.object === object && message.test(problem.message)) || JSON.stringify(problems);
}

async function shows(servername: string, subject: string): Promise<true | string> {
  const seen = await subjectOf(servername);
  return seen === subject || `${servername} gets ${seen ?? "no certificate"}`;
}

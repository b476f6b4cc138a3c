import { setTimeout as pause } from "node:timers/promises";
import { answers, createIngress, ingress, startTraffic } from "./applications.ts";
import type { Part } from "./control-plane.ts";
import { expect, stays, until } from "./report.ts";
import { Router } from "./router.ts";
import type { Scene } from "./scene.ts";

const HOSTS = [
  ["cart.lab", "cart"],
  ["shop.lab", "storefront"],
] as const;

/** The control plane dies, forgets and goes back in time; the routes stay. */
export async function checkOutages({ plane, report, directory, isLong }: Scene): Promise<void> {
  const check = report.check.bind(report);
  const outageMs = isLong ? 60_000 : 35_000;
  const router = new Router("outages", 8060, directory, plane.routerKubeconfig, ["--stale-after", isLong ? "30" : "10"]);
  const isLive = async (): Promise<boolean | string> =>
    (await router.status()).source === "live" || JSON.stringify((await router.status()).sources);
  await router.start();
  await until("live", 15_000, isLive);
  await until("served", 5_000, () => answers(router, "cart.lab", "cart"));

  const outage = async (part: Part): Promise<string> => {
    const traffic = startTraffic(router, HOSTS);
    await plane.kill(part);
    await pause(outageMs);
    const { source } = await router.status();
    const unknown = await router.get("nobody.lab");
    const said = await traffic.end();
    await plane.start(part);
    const ms = await until("live again", 60_000, isLive);
    // Without etcd the API server answers watches from its cache, and nothing can change: what was known is still all there is.
    expect(source === "stale" || part === "etcd", `source is ${source}`);
    const isHonest = source === "live" ? unknown.status === 404 : unknown.status === 503 && unknown.headers["retry-after"] !== undefined;
    expect(isHonest, `while ${source} an unknown host is answered ${unknown.status}`);
    return `${outageMs / 1000} s down: ${source}, ${said}; live ${ms} ms after it was back`;
  };
  await check("kube-apiserver killed", () => outage("apiserver"));
  await check("etcd killed", () => outage("etcd"));
  await check("both killed, and the router restarted meanwhile: it serves from its snapshot", async () => {
    await plane.kill("apiserver");
    await plane.kill("etcd");
    await router.stop("SIGKILL");
    const startMs = Date.now();
    await router.start();
    await until("served", 5_000, () => answers(router, "cart.lab", "cart"));
    const bootMs = Date.now() - startMs;
    const traffic = startTraffic(router, HOSTS);
    await pause(outageMs);
    expect((await router.status()).source === "restored", `source is ${(await router.status()).source}`);
    expect((await router.get("nobody.lab")).status === 503, "an unknown host is not answered 503");
    const said = await traffic.end();
    await plane.start("etcd", "apiserver");
    const ms = await until("live", 60_000, isLive);
    expect((await router.get("nobody.lab")).status === 404, "an unknown host is not answered 404 once live");
    return `first answer ${bootMs} ms after exec; ${said}; live ${ms} ms after the API server was ready`;
  });

  await check("history compacted while the router looked away: 410, a new list, nothing lost", async () => {
    const { control } = await router.status();
    process.kill(control.pid, "SIGSTOP");
    for (let n = 0; n < 10; n++) await createIngress(plane, ingress(`unseen-${n}`, `unseen-${n}.lab`, "cart"));
    await plane.kill("apiserver");
    await plane.compact();
    await plane.start("apiserver");
    const linesBefore = router.log.split("\n").length;
    process.kill(control.pid, "SIGCONT");
    const ms = await until("caught up", 40_000, () => answers(router, "unseen-9.lab", "cart"));
    await until("live", 10_000, isLive);
    const expired = plane.audit().filter(({ responseStatus }) => responseStatus?.code === 410).length;
    return `${ms} ms; 410 answers noted by the server: ${expired}; lines logged by the router: ${router.log.split("\n").length - linesBefore}`;
  });

  await check("etcd restored from an older backup: nothing is removed, also not by a router that restarts", async () => {
    await plane.kill("apiserver");
    await plane.kill("etcd", "SIGTERM");
    plane.backUp("etcd-backup");
    await plane.start("etcd", "apiserver");
    await until("live", 60_000, isLive);
    for (let n = 0; n < 3; n++) await createIngress(plane, ingress(`later-${n}`, `later-${n}.lab`, "cart"));
    await until("served", 3_000, () => answers(router, "later-2.lab", "cart"));
    await plane.kill("apiserver");
    await plane.kill("etcd");
    plane.restore("etcd-backup");
    await plane.start("etcd", "apiserver");
    const ms = await until("heard again", 60_000, async () => (await router.status()).held === 3 || JSON.stringify(await router.held()));
    await until("live", 30_000, isLive);
    await stays("served", 8_000, () => answers(router, "later-1.lab", "cart"));
    const [held] = await router.held();
    await router.stop();
    await router.start();
    await until("live", 15_000, isLive);
    await stays("served after a restart", 8_000, () => answers(router, "later-1.lab", "cart"));
    await createIngress(plane, ingress("after-restore", "after-restore.lab", "cart"));
    await until("a change after it", 3_000, () => answers(router, "after-restore.lab", "cart"));
    return `3 held ${ms} ms after (${held?.reason ?? ""})`;
  });
  await router.stop();
}

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "../src/kernel/testing/until.ts";
import { LimitServerProcess, NO_SERVER, serverProgram } from "../src/shared-limits/testing/limit-server-process.ts";
import { type RunningRouter, ask, startApplication, startRouter, testFolder } from "./router-kit.ts";

const ROUTES = `
few: Path("/few") -> clusterRatelimit("few", 5, "1h") -> status(204) -> <shunt>;
more: Path("/more") -> clusterRatelimit("more", 3, "1h") -> status(204) -> <shunt>;
open: Path("/open") -> clusterRatelimit("open", 1, "1h") -> status(204) -> <shunt>;
endpoint: Path("/endpoint") -> backendRatelimit("endpoint", 4, "1h") -> "BACKEND";
closed: Path("/closed") -> clusterRatelimit("closed", 1000, "1h") -> ratelimitFailClosed() -> status(204) -> <shunt>;
`;

/** What a router's metrics say of its server; 0 when they do not. */
async function metric(router: RunningRouter, name: string, labels = ""): Promise<number> {
  const { body } = await router.admin("/metrics");
  const line = body.split("\n").find((text) => text.startsWith(`${name}{`) && text.includes(labels));
  return Number(line?.slice(line.lastIndexOf(" ") + 1) ?? 0);
}

const isUp = async (router: RunningRouter): Promise<boolean> => (await metric(router, "holdfast_limit_server_up")) === 1;

async function statuses(routers: readonly RunningRouter[], path: string, count: number): Promise<readonly number[]> {
  const got: number[] = [];
  for (let at = 0; at < count; at++) got.push((await ask((routers[at % routers.length] as RunningRouter).port, path)).status);
  return got;
}

if (serverProgram === undefined) {
  process.stdout.write(NO_SERVER);
} else {
  test("two routers keep a limit together, and go on when its server hangs, dies or takes no password", async (t) => {
    const folder = await testFolder(t);
    const [routes, password] = [join(folder, "routes.eskip"), join(folder, "password")];
    const { port } = await startApplication(t, "application");
    await writeFile(routes, ROUTES.replace("BACKEND", `http://127.0.0.1:${port}`));
    await writeFile(password, "right\n", { mode: 0o600 });
    const server = await LimitServerProcess.start("--requirepass", "right");
    t.after(() => server.kill());
    // A request waits long for an answer here: the machine may be busy, and a server that is only slow must not be taken for one that hangs.
    const args = ["--routes", routes, "--workers", "1", "--limit-password-file", password, "--limit-timeout", "5000"];
    const routers = await Promise.all([
      startRouter(t, [...args, "--limit-servers", `127.0.0.1:${server.port}`]),
      startRouter(t, [...args, "--swarm-redis-urls", `redis://127.0.0.1:${server.port}`]),
    ]);
    const all = async (what: string, is: (router: RunningRouter) => Promise<boolean>): Promise<void> => {
      for (const router of routers) await until(what, () => is(router), 60_000);
    };
    await all("the server is in use", isUp);

    assert.deepEqual(await statuses(routers, "/few", 8), [204, 204, 204, 204, 204, 429, 429, 429]);
    const refused = await ask(routers[0].port, "/few");
    assert.equal(refused.headers["x-rate-limit"], "5");
    assert.ok(Number(refused.headers["retry-after"]) > 3_000, String(refused.headers["retry-after"]));

    assert.deepEqual(await statuses(routers, "/endpoint", 6), [200, 200, 200, 200, 503, 503]);

    server.signal("SIGSTOP");
    assert.deepEqual(await statuses(routers, "/open", 6), [204, 204, 204, 204, 204, 204], "nobody can say");
    await all("the server is left alone", async (router) => !(await isUp(router)));
    assert.deepEqual(await statuses(routers, "/closed", 4), [429, 429, 429, 429]);
    server.signal("SIGCONT");
    await all("the server is in use again", isUp);
    assert.deepEqual(await statuses(routers, "/few", 4), [429, 429, 429, 429], "it has kept what it counted");
    assert.deepEqual(await statuses(routers, "/closed", 2), [204, 204]);

    await server.kill();
    await all("the server is gone", async (router) => !(await isUp(router)));
    assert.deepEqual(await statuses(routers, "/few", 4), [204, 204, 204, 204]);
    assert.deepEqual(await statuses(routers, "/closed", 2), [429, 429]);

    await writeFile(password, "wrong\n");
    await server.run();
    await all("the password is refused", async (router) => (await metric(router, "holdfast_limit_server_failures_total", "WRONGPASS")) > 0);
    assert.deepEqual(await statuses(routers, "/more", 5), [204, 204, 204, 204, 204]);
    await writeFile(password, "right\n");
    await all("the password is taken", isUp);
    assert.deepEqual(await statuses(routers, "/more", 6), [204, 204, 204, 429, 429, 429]);
  });
}

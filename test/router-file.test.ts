import assert from "node:assert/strict";
import { once } from "node:events";
import { rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";

import { until } from "../src/kernel/testing/until.ts";
import { ask, holdfast, startApplication, startLoad, startRouter, testFolder } from "./router-kit.ts";

const shop = 'shop: Host("shop.example.org") -> inlineContent("shop") -> <shunt>;\n';
const blog = 'blog: Host("blog.example.org") -> inlineContent("blog") -> <shunt>;\n';

/** What the kernel answers for connections that a killed process had, or was about to get. */
const TORN_DOWN = /ECONNRESET|ECONNREFUSED|socket hang up/;

test("a routes file is served, edits are followed, broken ones keep the last good routes", async (t) => {
  const directory = await testFolder(t);
  const file = join(directory, "routes.eskip");
  await writeFile(file, shop);
  const router = await startRouter(t, ["--routes", file, "--workers", "2"]);
  await until("shop answers", async () => (await ask(router.port, "/", { host: "shop.example.org" })).body === "shop");
  await router.settled();
  assert.equal((await ask(router.port, "/", { host: "blog.example.org" })).status, 404, "a live table knows that there is no such host");

  await t.test("an addition", async () => {
    await writeFile(file, shop + blog);
    await until("blog answers", async () => (await ask(router.port, "/", { host: "blog.example.org" })).body === "blog");
    await router.settled();
  });
  await t.test("a broken edit", async () => {
    await writeFile(file, `${shop}blog: Host("blog.example.org") -> noSuchFilter() -> <shunt>;\n`);
    // The router may read the file before all of it is written, and tell of that first.
    const where = /routes\.eskip:2:\d+: .*noSuchFilter/;
    await until("the problem is told", async () => where.test((await router.status()).problems[0]?.message ?? ""));
    assert.equal((await ask(router.port, "/", { host: "blog.example.org" })).body, "blog");
  });
  await t.test("a file that is gone", async () => {
    await rm(file);
    await until("the problem is told", async () => (await router.status()).problems[0]?.message.includes("cannot be read") === true);
    assert.equal((await ask(router.port, "/", { host: "shop.example.org" })).body, "shop");
  });
  await t.test("a removal, once the file says it for a second", async () => {
    await writeFile(file, shop);
    await until("blog is gone", async () => (await ask(router.port, "/", { host: "blog.example.org" })).status === 404);
    await router.settled();
    assert.equal((await router.status()).problems.length, 0);
  });
  await t.test("a file replaced by renaming, as a ConfigMap is", async () => {
    await writeFile(`${file}.new`, shop + blog);
    await rename(`${file}.new`, file);
    await until("blog answers", async () => (await ask(router.port, "/", { host: "blog.example.org" })).body === "blog");
    await router.settled();
  });
  await t.test("an emptied file is held until a person approves", async () => {
    await writeFile(file, "");
    await until("it is held", async () => (await router.status()).held === 2);
    assert.equal((await ask(router.port, "/", { host: "shop.example.org" })).body, "shop");
    const admin = `127.0.0.1:${router.adminPort}`;
    const shown = holdfast(t, ["hold", "status", "--admin", admin]);
    assert.equal(await shown.ended, 0);
    assert.match(shown.stdout(), /file-empty[\s\S]*released by/);
    const approved = holdfast(t, ["hold", "approve", "file-empty", "--admin", admin, "--principal", "ann", "--reason", "closing down"]);
    assert.equal(await approved.ended, 0, approved.stderr());
    await until("it is gone", async () => (await ask(router.port, "/", { host: "shop.example.org" })).status === 404);
    const again = holdfast(t, ["hold", "approve", "file-empty", "--admin", admin, "--reason", "twice"]);
    assert.equal(await again.ended, 1);
    assert.match(router.stderr(), /"audit":true.*"principal":"ann"/);
  });
});

test("bad input is one line and exit code 2", async (t) => {
  const directory = await testFolder(t);
  const file = join(directory, "routes.eskip");
  await writeFile(file, shop);
  const broken = join(directory, "broken.eskip");
  await writeFile(broken, `${shop}blog: Host( -> <shunt>;\n`);
  const notFolder = join(directory, "file");
  await writeFile(notFolder, "");
  const kubeconfig = join(directory, "kubeconfig");
  await writeFile(kubeconfig, "clusters: [\n");
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  t.after(() => taken.close());
  const address = taken.address();
  const takenPort = typeof address === "object" && address !== null ? address.port : 0;
  const free = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];

  const cases: readonly (readonly [what: string, args: readonly string[], line: RegExp])[] = [
    ["a missing routes file", ["--routes", join(directory, "none.eskip"), ...free], /none\.eskip: cannot be read/],
    ["a broken routes file", ["--routes", broken, ...free], /broken\.eskip:2:\d+: /],
    [
      "a kubeconfig that is no YAML",
      ["--kubeconfig", kubeconfig, "--snapshot", join(directory, "snapshot"), ...free],
      /kubeconfig:\d+:\d+: .*YAML/,
    ],
    [
      "a traffic port that is taken",
      ["--routes", file, "--listen", `127.0.0.1:${takenPort}`, "--admin", "127.0.0.1:0"],
      /cannot listen on 127\.0\.0\.1:\d+.*--listen/,
    ],
    [
      "an admin port that is taken",
      ["--routes", file, "--listen", "127.0.0.1:0", "--admin", `127.0.0.1:${takenPort}`],
      /cannot listen on 127\.0\.0\.1:\d+.*--admin/,
    ],
    ["an address of another machine", ["--routes", file, "--listen", "203.0.113.1:80", "--admin", "127.0.0.1:0"], /203\.0\.113\.1:80/],
    ["a malformed address", ["--routes", file, "--listen", "nowhere"], /--listen "nowhere": write it as ADDRESS:PORT/],
    ["a number of workers that is none", ["--routes", file, ...free, "--workers", "many"], /--workers "many"/],
    ["no source", [...free], /no source of routes/],
    ["two sources", ["--routes", file, "--kubeconfig", kubeconfig, ...free], /exclude each other/],
    [
      "a snapshot folder that is a file",
      ["--routes", file, "--snapshot", join(notFolder, "x"), ...free],
      /snapshot folder .* cannot be written/,
    ],
    [
      "a snapshot folder where none can be made",
      ["--routes", file, "--snapshot", "/proc/x", ...free],
      /snapshot folder .* cannot be written/,
    ],
    ["an unknown flag", ["--routes", file, ...free, "--fast"], /unknown option '--fast'/],
    ["the naive policy outside the lab", ["--routes", file, ...free, "--policy", "naive"], /in the lab only/],
  ];
  for (const [what, args, line] of cases) {
    await t.test(what, async (t) => {
      const program = holdfast(t, ["router", "--log-level", "error", ...args], { KUBERNETES_SERVICE_HOST: "" });
      assert.equal(await program.ended, 2, program.stderr());
      assert.equal(program.stdout(), "", "it does not say that it serves");
      assert.match(program.stderr(), line);
      assert.equal(
        program
          .stderr()
          .trim()
          .split("\n")
          .filter((text) => !text.startsWith("Run with --help")).length,
        1,
        program.stderr(),
      );
    });
  }
});

test("L14: SIGTERM under load loses no request: not ready at once, serving on, then closed with exit 0", async (t) => {
  const directory = await testFolder(t);
  const application = await startApplication(t, "shop");
  const file = join(directory, "routes.eskip");
  await writeFile(file, `shop: Host("shop.example.org") -> "http://127.0.0.1:${application.port}";\n`);
  const router = await startRouter(t, ["--routes", file, "--workers", "2", "--drain-delay", "2"]);
  await router.settled();
  const load = startLoad(router.port, new Map([["shop.example.org", "shop"]]), { lanes: 8 });
  await until("load runs", () => load.sent() > 50);
  router.child.kill("SIGTERM");
  await until("not ready", async () => (await router.admin("/readyz")).status === 503, 1_000);
  const duringDrain = await ask(router.port, "/", { host: "shop.example.org" });
  assert.equal(duringDrain.body, "shop");
  assert.equal(duringDrain.headers.connection, "close");
  const slow = ask(router.port, "/slow", { host: "shop.example.org" });
  await until("load went on", () => load.sent() > 150);
  await load.stop();
  assert.equal(load.wrong.join("\n"), "");
  assert.equal((await slow).body, "shop");
  assert.equal(await router.ended, 0);
});

test("a request under way when the listeners close is finished", async (t) => {
  const directory = await testFolder(t);
  const application = await startApplication(t, "shop");
  const file = join(directory, "routes.eskip");
  await writeFile(file, `shop: Host("shop.example.org") -> "http://127.0.0.1:${application.port}";\n`);
  const router = await startRouter(t, ["--routes", file, "--workers", "1", "--drain-delay", "0"]);
  await router.settled();
  const slow = ask(router.port, "/slow", { host: "shop.example.org" });
  await new Promise((resolve) => setTimeout(resolve, 100));
  router.child.kill("SIGTERM");
  assert.equal((await slow).body, "shop");
  assert.equal(await router.ended, 0);
});

test("a killed worker loses at most what was in flight, and a killed control process loses nothing", async (t) => {
  const directory = await testFolder(t);
  const application = await startApplication(t, "shop");
  const file = join(directory, "routes.eskip");
  await writeFile(file, `shop: Host("shop.example.org") -> "http://127.0.0.1:${application.port}";\n`);
  const router = await startRouter(t, ["--routes", file, "--workers", "2"]);
  await router.settled();
  const lanes = 6;
  const load = startLoad(router.port, new Map([["shop.example.org", "shop"]]), { lanes });
  await until("load runs", () => load.sent() > 50);

  const before = await router.status();
  process.kill(before.control.pid ?? 0, "SIGKILL");
  await until("the control process is back", async () => {
    const { control } = await router.status();
    return control.restarts === 1 && control.pid !== null;
  });
  const goal = load.sent() + 100;
  await until("load goes on", () => load.sent() > goal);
  assert.equal(load.wrong.join("\n"), "", "killing the control process");

  const victim = (await router.status()).workers[0];
  process.kill(victim?.pid ?? 0, "SIGKILL");
  await until("the worker is back", async () =>
    (await router.status()).workers.every(({ state, pid }) => state === "ready" && pid !== null && pid !== victim?.pid),
  );
  await load.stop();
  assert.ok(load.wrong.length <= lanes, `${load.wrong.length} failed: ${load.wrong.join("\n")}`);
  assert.ok(
    load.wrong.every((line) => TORN_DOWN.test(line)),
    load.wrong.join("\n"),
  );
});

test("a worker that comes back without a snapshot shares the port once it has the table, not before", async (t) => {
  const directory = await testFolder(t);
  const file = join(directory, "routes.eskip");
  await writeFile(file, shop);
  const router = await startRouter(t, ["--routes", file, "--workers", "2"]);
  await router.settled();
  const answers = new Set<string>();
  const over = new AbortController();
  const lanes = Array.from({ length: 8 }, async () => {
    while (!over.signal.aborted) answers.add((await ask(router.port, "/", { host: "shop.example.org" })).body);
  });
  for (let kill = 1; kill <= 6; kill++) {
    const victim = (await router.status()).workers[0]?.pid ?? 0;
    process.kill(victim, "SIGKILL");
    await until("the worker is back", async () => {
      const { workers } = await router.status();
      return workers.every(({ state, pid, generation }) => state === "ready" && generation > 0 && pid !== null && pid !== victim);
    });
  }
  over.abort();
  await Promise.all(lanes);
  // What a killed one had accepted and not answered is torn down with it.
  assert.deepEqual(
    [...answers].filter((body) => body !== "shop" && !TORN_DOWN.test(body)),
    [],
  );
});

test("a router that is killed leaves workers that serve until its successor shares the port", async (t) => {
  const directory = await testFolder(t);
  const file = join(directory, "routes.eskip");
  await writeFile(file, shop);
  const first = await startRouter(t, ["--routes", file, "--workers", "2"]);
  await first.settled();
  const workers = (await first.status()).workers.map(({ pid }) => pid ?? 0);
  first.child.kill("SIGKILL");
  await until("it is gone", () => first.child.signalCode !== null, 5_000);
  assert.equal((await ask(first.port, "/", { host: "shop.example.org" })).body, "shop", "the orphans serve");
  const second = await startRouter(t, ["--routes", file, "--workers", "2", "--listen", `127.0.0.1:${first.port}`]);
  await until("the orphans are gone", () => workers.every((pid) => !isAlive(pid)), 20_000);
  await until("the successor serves", async () => (await ask(second.port, "/", { host: "shop.example.org" })).body === "shop");
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { seededRandom, systemClock } from "../kernel/index.ts";
import { freePort } from "../kernel/testing/free-port.ts";
import { until } from "../kernel/testing/until.ts";
import { MetricsRegistry, silentLog } from "../telemetry/index.ts";
import { type SharedLimitOptions, parseLimitServers } from "./options.ts";
import { ServerLimits } from "./shared-limits.ts";
import { TestAuthority } from "../x509/testing/test-authority.ts";
import { LimitServerProcess, NO_SERVER, serverProgram } from "./testing/limit-server-process.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-limits-"));
const opened: (ServerLimits | LimitServerProcess)[] = [];
after(async () => {
  for (const one of opened) if (one instanceof ServerLimits) one.close();
  for (const one of opened) if (one instanceof LimitServerProcess) await one.kill();
  rmSync(folder, { recursive: true });
});

async function server(...args: readonly string[]): Promise<LimitServerProcess> {
  const started = await LimitServerProcess.start(...args);
  opened.push(started);
  return started;
}

/** Long limits of time where a test is not about them: the machine may be busy. */
const PATIENT = { answerMs: 20_000, connectMs: 20_000, retryMs: 20, retryCapMs: 40 };
const IMPATIENT = { ...PATIENT, answerMs: 50, connectMs: 200 };

interface Router {
  readonly limits: ServerLimits;
  metric(name: string, ...labels: string[]): number;
  /** Series of this family that are not 0, by their labels. */
  causes(): readonly string[];
}

function router(servers: string, options: Partial<SharedLimitOptions> = {}): Router {
  const metrics = new MetricsRegistry();
  const limits = new ServerLimits(
    { servers: parseLimitServers(servers), times: PATIENT, ...options },
    { clock: systemClock, random: seededRandom(1), log: silentLog, metrics },
  );
  opened.push(limits);
  limits.start();
  const series = (name: string) => metrics.dump().find((family) => family.name === name)?.series ?? [];
  return {
    limits,
    metric: (name, ...labels) => series(name).find(({ labelValues }) => labelValues.join() === labels.join())?.values[0] ?? 0,
    causes: () => series("holdfast_limit_server_failures_total").map(({ labelValues }) => labelValues[1] ?? ""),
  };
}

const LIMIT = { hits: 2, windowMs: 600_000 };

function isUp({ metric }: Router, port: number): Promise<unknown> {
  return until("the server is in use", () => metric("holdfast_limit_server_up", `127.0.0.1:${port}`) === 1, 30_000);
}

test("servers are read with their scheme, user and database; what is wrong is said without what may be a secret", () => {
  assert.deepEqual(parseLimitServers("a:1, rediss://me@b/3,valkey://[::1]:7"), [
    { host: "a", port: 1, isTls: false, database: 0 },
    { host: "b", port: 6379, isTls: true, database: 3, username: "me" },
    { host: "::1", port: 7, isTls: false, database: 0 },
  ]);
  for (const [text, message] of [
    ["", /no server is named/],
    ["a:1,a:1/2", /named twice/],
    ["http://a:1", /is written HOST:PORT or redis:/],
    ["a:1/x", /is written HOST:PORT or redis:/],
    ["redis://me:hidden@a:1", /^a:1: .*\(--limit-password-file\)$/],
    ["redis://:hid den@a b", /is written HOST:PORT or redis:/],
  ] as const)
    assert.throws(
      () => parseLimitServers(text),
      (error: Error) => message.test(error.message) && !/hid/.test(error.message),
      text,
    );
});

for (const [what, says, cause] of [
  ["another protocol", "HTTP/1.1 400 Bad Request\r\n\r\n", /./],
  ["that all is well, and no number", "+OK\r\n", /^TYPE$/],
  ["a text without end", "$536870912\r\naaaaaaaa", /^CALL_DEADLINE$/],
  ["a list of lists without end", "*9\r\n".repeat(1_000), /./],
] as const)
  test(`a server that answers everything with ${what} is not used, and no request waits for it`, async (t) => {
    const liar = createServer((socket) => socket.on("data", () => socket.write(says)).on("error", () => {}));
    liar.listen(0, "127.0.0.1");
    await once(liar, "listening");
    t.after(() => liar.close());
    const { port } = liar.address() as AddressInfo;
    const lied = router(`127.0.0.1:${port}`, { times: { ...PATIENT, connectMs: 300 } });
    t.after(() => lied.limits.close());
    assert.equal(await lied.limits.hit("a", LIMIT), undefined);
    assert.equal(lied.limits.hit("a", LIMIT), undefined, "at once, and no promise");
    assert.match(lied.causes().join(), cause);
    assert.equal(lied.metric("holdfast_limit_server_up", `127.0.0.1:${port}`), 0);
  });

for (const garbage of ["!!\r\n", "+OK\r\n", ":-1\r\n"])
  test(`a server that begins to answer with ${JSON.stringify(garbage)} is left alone`, async (t) => {
    let scripts = 0;
    const liar = createServer((socket) =>
      socket
        .on("data", (data) => {
          for (const [command] of data.toString("latin1").matchAll(/\r\n(?:script|evalsha)\r\n/gi))
            socket.write(/script/i.test(command) ? "+OK\r\n" : ++scripts > 2 ? garbage : ":0\r\n");
        })
        .on("error", () => {}),
    );
    liar.listen(0, "127.0.0.1");
    await once(liar, "listening");
    t.after(() => liar.close());
    const lied = router(`127.0.0.1:${(liar.address() as AddressInfo).port}`, { times: { ...PATIENT, retryMs: 60_000 } });
    t.after(() => lied.limits.close());
    assert.equal(await lied.limits.hit("a", LIMIT), 0);
    assert.equal(await lied.limits.hit("a", LIMIT), undefined);
    assert.equal(lied.limits.hit("a", LIMIT), undefined, "at once, and no promise");
  });

if (serverProgram === undefined) {
  process.stdout.write(NO_SERVER);
} else {
  test("routers count together, in a window that slides by the server's clock; keys count apart", async () => {
    const { port } = await server();
    const [one, other] = [router(`127.0.0.1:${port}`), router(`127.0.0.1:${port}`)];
    assert.equal(await one.limits.hit("a", LIMIT), 0, "asked before it was connected");
    assert.equal(await other.limits.hit("a", LIMIT), 0);
    const waitMs = (await one.limits.hit("a", LIMIT)) as number;
    assert.ok(waitMs > 500_000 && waitMs <= LIMIT.windowMs, String(waitMs));
    assert.equal(await other.limits.hit("b", LIMIT), 0);
    const short = { hits: 1, windowMs: 300 };
    assert.equal(await one.limits.hit("c", short), 0);
    await until("the window has passed", async () => (await other.limits.hit("c", short)) === 0, 30_000);
  });

  test("of many hits at once, from several routers, just as many are counted as may be", async () => {
    const { port } = await server();
    const routers = [router(`127.0.0.1:${port}`), router(`127.0.0.1:${port}`)];
    const limit = { hits: 100, windowMs: 600_000 };
    const answers = await Promise.all(Array.from({ length: 400 }, async (_, at) => routers[at % 2]?.limits.hit("a", limit)));
    assert.equal(answers.filter((waitMs) => waitMs === 0).length, 100);
    assert.equal(answers.filter((waitMs) => waitMs === undefined).length, 0);
    const fewer = { hits: 10, windowMs: 600_000 };
    assert.ok(((await routers[0]?.limits.hit("a", fewer)) as number) > 0, "a limit that was lowered counts what is there");
  });

  test("a bucket takes what it holds at once, then what leaks", async () => {
    const { port } = await server();
    const { limits } = router(`127.0.0.1:${port}`);
    const bucket = { capacity: 3, emissionMs: 600_000, increment: 1 };
    for (let at = 0; at < 3; at++) assert.equal(await limits.pour("a", bucket), 0);
    const waitMs = (await limits.pour("a", bucket)) as number;
    assert.ok(waitMs > 500_000 && waitMs <= 600_000, String(waitMs));
    const fast = { capacity: 1, emissionMs: 200, increment: 1 };
    assert.equal(await limits.pour("b", fast), 0);
    await until("one has leaked", async () => (await limits.pour("b", fast)) === 0, 30_000);
  });

  test("keys are spread over the servers, alike in every router; those of a server that is killed are counted by the others", async () => {
    const servers = [await server(), await server(), await server()];
    const names = servers.map(({ port }) => `127.0.0.1:${port}`);
    const [one, other] = [router(names.join()), router(names.toReversed().join())];
    for (const { port } of servers) await Promise.all([isUp(one, port), isUp(other, port)]);
    const once = { hits: 1, windowMs: 600_000 };
    const keys = Array.from({ length: 60 }, (_, at) => `client ${at}`);
    for (const key of keys) {
      assert.equal(await one.limits.hit(key, once), 0);
      assert.ok(((await other.limits.hit(key, once)) as number) > 0, key);
    }
    for (const process of servers) assert.match(await process.tell("DBSIZE"), /^:(?:[5-9]|[1-4]\d)\r\n/, "each has a share");
    await servers[0]?.kill();
    await until("it is known", () => one.metric("holdfast_limit_server_up", names[0] as string) === 0, 30_000);
    const after = await Promise.all(keys.map(async (key) => one.limits.hit(key, once)));
    assert.ok(after.every((waitMs) => waitMs !== undefined));
    const moved = after.filter((waitMs) => waitMs === 0).length;
    assert.ok(moved > 0 && moved < 40, `${moved} begin anew`);
    await servers[0]?.run();
    await isUp(one, servers[0]?.port ?? 0);
  });

  test("a server that hangs costs those who wait one time limit, and the next nothing; when it goes on it is used again", async () => {
    const process = await server();
    const hung = router(`127.0.0.1:${process.port}`, { times: IMPATIENT });
    await isUp(hung, process.port);
    process.signal("SIGSTOP");
    const waiting = Array.from({ length: 20 }, async () => hung.limits.hit("a", LIMIT));
    assert.deepEqual(new Set(await Promise.all(waiting)), new Set([undefined]));
    assert.equal(hung.limits.hit("a", LIMIT), undefined, "at once, and no promise");
    assert.ok(hung.causes().includes("timeout"), hung.causes().join());
    await until("tries are made in the background", () => hung.causes().includes("CALL_DEADLINE"), 30_000);
    assert.equal(hung.limits.hit("a", LIMIT), undefined, "no request waits for a try");
    process.signal("SIGCONT");
    await isUp(hung, process.port);
    await until("it counts", async () => (await hung.limits.hit("b", LIMIT)) === 0, 30_000);
  });

  test("nobody listens: the first request learns it, and nothing waits after that; a server that comes is used", async () => {
    const port = await freePort();
    const alone = router(`127.0.0.1:${port}`);
    assert.equal(await alone.limits.hit("a", LIMIT), undefined);
    assert.equal(alone.limits.hit("a", LIMIT), undefined);
    assert.deepEqual(alone.causes(), ["ECONNREFUSED"]);
  });

  test("a wrong password is told; a right one in the file is taken at the next try", async () => {
    const process = await server("--requirepass", "right");
    const passwordFile = join(folder, "password");
    writeFileSync(passwordFile, "wrong\n");
    const wrong = router(`127.0.0.1:${process.port}`, { passwordFile });
    assert.equal(await wrong.limits.hit("a", LIMIT), undefined);
    assert.deepEqual(wrong.causes(), ["WRONGPASS"]);
    const without = router(`127.0.0.1:${process.port}`);
    assert.equal(await without.limits.hit("a", LIMIT), undefined);
    assert.deepEqual(without.causes(), ["NOAUTH"]);
    writeFileSync(passwordFile, "right\n");
    await isUp(wrong, process.port);
    assert.equal(await wrong.limits.hit("a", LIMIT), 0);
    const missing = router(`127.0.0.1:${process.port}`, { passwordFile: join(folder, "none") });
    assert.equal(await missing.limits.hit("a", LIMIT), undefined);
    assert.deepEqual(missing.causes(), ["LIMITS_PASSWORD"]);
  });

  test("over TLS the server is checked: by the authorities that are given, and by its name", async () => {
    const authority = new TestAuthority();
    const { certificate, key } = authority.issue(["127.0.0.1"]);
    const [certificateFile, keyFile] = [join(folder, "server.crt"), join(folder, "server.key")];
    writeFileSync(certificateFile, certificate);
    writeFileSync(keyFile, key);
    const process = await LimitServerProcess.startTls(certificateFile, keyFile);
    opened.push(process);
    const known = router(`rediss://127.0.0.1:${process.port}`, { authorities: authority.certificate });
    assert.equal(await known.limits.hit("a", LIMIT), 0);
    const unknown = router(`rediss://127.0.0.1:${process.port}`);
    assert.equal(await unknown.limits.hit("a", LIMIT), undefined);
    assert.match(unknown.causes().join(), /UNABLE_TO_VERIFY|SELF_SIGNED/);
    const otherName = router(`rediss://localhost:${process.port}`, { authorities: authority.certificate });
    assert.equal(await otherName.limits.hit("a", LIMIT), undefined);
    assert.match(otherName.causes().join(), /ALTNAME/);
  });

  test("a server that is full, made a replica or has lost the scripts is left alone until it is well", async () => {
    const process = await server();
    const full = router(`127.0.0.1:${process.port}`);
    await isUp(full, process.port);
    for (const [break_, cause, mend] of [
      ["CONFIG SET maxmemory 1", "OOM", "CONFIG SET maxmemory 0"],
      ["REPLICAOF 127.0.0.1 1", "READONLY", "REPLICAOF NO ONE"],
    ] as const) {
      await process.tell(break_);
      assert.equal(await full.limits.hit("a", LIMIT), undefined);
      assert.equal(full.limits.hit("a", LIMIT), undefined);
      assert.ok(full.causes().includes(cause), full.causes().join());
      await process.tell(mend);
      await isUp(full, process.port);
    }
    await process.tell("SCRIPT FLUSH");
    assert.equal(await full.limits.hit("b", LIMIT), undefined);
    await isUp(full, process.port);
    assert.equal(await full.limits.hit("b", LIMIT), 0);
  });
}

import assert from "node:assert/strict";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { readFileSync } from "node:fs";
import { mkdtemp, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ManualClock } from "../../kernel/testing/manual-clock.ts";
import { silentLog } from "../../telemetry/index.ts";
import type { ConsoleFrame } from "../contract.ts";
import { createScriptedLab } from "../testing/scripted-lab.ts";
import { API_INDEX } from "./resources.ts";
import { type ConsoleServer, createConsoleServer } from "./server.ts";

const TOKEN = "token-of-the-test";
const clock = new ManualClock();
const lab = createScriptedLab(clock, { isPlayed: true, speed: 1, fromSeconds: 40 });
let server: ConsoleServer;
let port = 0;
let directory = "";
let isBroken = false;
const changed: string[][] = [];

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "holdfast-console-"));
  await mkdir(join(directory, "assets"));
  await writeFile(join(directory, "index.html"), '<meta name="holdfast-token" content="__HOLDFAST_TOKEN__">');
  await writeFile(join(directory, "assets", "page-abc.js"), "export {};");
  await writeFile(join(directory, "secret.txt"), "not part of the page");
  await symlink("/etc/passwd", join(directory, "passwd.html"));
  server = createConsoleServer(
    {
      listen: { port: 0 },
      token: TOKEN,
      allowedHosts: ["console.example"],
      uiDirectory: directory,
      snapshot: () => {
        if (isBroken) throw new Error("the lab is closing");
        return lab.snapshot();
      },
      actions: lab.actions,
      components: {
        list: () => [{ name: "router/node-1/hold" }],
        change: (name, verb, signal) => {
          changed.push([name, verb, signal]);
          return Promise.resolve("done");
        },
      },
    },
    { log: silentLog, clock },
  );
  ({ port } = await server.start());
});

after(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** node:http and not fetch, because a browser's fetch may not set Host and Origin as an attacker's page would have them. */
function ask(path: string, options: { method?: string; headers?: Record<string, string>; body?: string } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { host: "127.0.0.1", port, path, method: options.method ?? "GET", headers: options.headers ?? {} },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text += chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
        response.on("error", reject);
      },
    );
    outgoing.on("error", reject);
    outgoing.end(options.body);
  });
}

function act(name: string, headers: Record<string, string> = {}, body = "{}"): Promise<Answer> {
  return post(`/api/actions/${name}`, headers, body);
}

function post(path: string, headers: Record<string, string>, body: string): Promise<Answer> {
  const all = {
    "content-type": "application/json",
    "x-holdfast-token": TOKEN,
    origin: `http://127.0.0.1:${port}`,
    "content-length": String(Buffer.byteLength(body)),
    ...headers,
  };
  return ask(path, { method: "POST", headers: all, body });
}

const codeOf = (answer: Answer): string => (JSON.parse(answer.text) as { code: string }).code;

test("the page carries the token and a Content-Security-Policy that allows its own files only", async () => {
  const page = await ask("/");
  assert.equal(page.status, 200);
  assert.match(page.text, new RegExp(`content="${TOKEN}"`));
  const policy = String(page.headers["content-security-policy"]);
  assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self';/);
  assert.doesNotMatch(policy, /unsafe|\*|https?:/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.equal(page.headers["x-content-type-options"], "nosniff");
  assert.equal(page.headers["cache-control"], "no-cache");
});

test("files of the page are served with a tag, hashed ones for good, compressed to those who take it", async () => {
  const plain = await ask("/assets/page-abc.js");
  assert.deepEqual([plain.status, plain.text], [200, "export {};"]);
  assert.match(String(plain.headers["cache-control"]), /immutable/);
  assert.equal((await ask("/assets/page-abc.js", { headers: { "if-none-match": String(plain.headers.etag) } })).status, 304);
  assert.equal((await ask("/assets/page-abc.js", { headers: { "accept-encoding": "gzip" } })).headers["content-encoding"], "gzip");
});

test("nothing but the built page can be read: no other file, no link, no way up", async () => {
  for (const path of ["/secret.txt", "/passwd.html", "/../../package.json", "/%2e%2e/%2e%2e/etc/passwd", "/assets", "//etc/passwd"]) {
    assert.equal((await ask(path)).status, 404, path);
  }
});

test("a request under a foreign Host is refused, whatever it asks for", async () => {
  for (const host of [
    "evil.example",
    `evil.example:${port}`,
    "127.0.0.1",
    `127.0.0.1:${port + 1}`,
    `127.0.0.1.evil.example:${port}`,
    "127.0.0.1:99999999",
  ]) {
    for (const path of ["/", "/api/snapshot", "/api/events"]) {
      const answer = await ask(path, { headers: { host } });
      assert.equal(answer.status, 403, `${host} ${path}`);
      assert.equal(codeOf(answer), "CONSOLE_FOREIGN_HOST");
    }
  }
  for (const host of [`localhost:${port}`, `LOCALHOST:${port}`, "console.example", `[::1]:${port}`]) {
    assert.equal((await ask("/api/scenario", { headers: { host } })).status, 200, host);
  }
});

test("an action from a foreign Origin is refused even with the token", async () => {
  for (const origin of [
    "http://evil.example",
    "null",
    `http://127.0.0.1:${port + 1}`,
    `https://127.0.0.1:${port}`,
    `http://localhost:${port}`,
  ]) {
    const answer = await act("change-route", { origin });
    assert.deepEqual([answer.status, codeOf(answer)], [403, "CONSOLE_FOREIGN_ORIGIN"], origin);
  }
  assert.equal(codeOf(await act("change-route", { "sec-fetch-site": "cross-site" })), "CONSOLE_FOREIGN_ORIGIN");
});

test("an action without the right token, method or type is refused and does nothing", async () => {
  const before = lab.snapshot().timeline.length;
  for (const token of ["", "token-of-the-tesT", `${TOKEN}x`, TOKEN.slice(1)]) {
    const answer = await act("change-route", { "x-holdfast-token": token });
    assert.deepEqual([answer.status, codeOf(answer)], [401, "CONSOLE_TOKEN"], token);
  }
  assert.equal((await act("change-route", { "content-type": "text/plain" })).status, 415);
  assert.equal((await ask("/api/actions/kill-api-server")).status, 405);
  assert.equal((await ask("/api/snapshot", { method: "POST" })).status, 405);
  assert.equal(lab.snapshot().timeline.length, before);
});

test("an action is done once, and says what it did", async () => {
  const generation = (): number | null => lab.snapshot().routes.find((route) => route.policy === "hold")?.generation ?? null;
  const before = generation() ?? 0;
  const answer = await act("change-route");
  assert.deepEqual([answer.status, (JSON.parse(answer.text) as { message: string }).message], [200, "change-route: under way."]);
  assert.equal(generation(), before + 1);
});

test("an action that does not exist, is disabled, or whose target is wrong is refused with its reason", async () => {
  assert.deepEqual([(await act("format-disk")).status, codeOf(await act("format-disk"))], [404, "CONSOLE_NO_ACTION"]);
  const disabled = await act("flood");
  assert.deepEqual([disabled.status, codeOf(disabled)], [409, "CONSOLE_ACTION_DISABLED"]);
  assert.match(disabled.text, /the flood is running/);
  for (const body of ["{}", '{"target":"node-9"}', '{"target":null}']) assert.equal((await act("kill-node", {}, body)).status, 422, body);
  assert.equal((await act("change-route", {}, '{"target":"node-1"}')).status, 422);
  assert.equal((await act("held-approve", {}, '{"target":"held-9"}')).status, 422);
  assert.equal((await act("kill-node", {}, '{"target":"node-2"}')).status, 200);
});

test("a component is changed by its name, slashes and all, by who may do an action and with nothing else in the body", async () => {
  const path = "/api/components/router/node-1/hold/stop";
  assert.equal((await ask(path)).status, 405);
  for (const headers of [{ "x-holdfast-token": "" }, { origin: "http://evil.example" }]) {
    const answer = await post(path, headers, "{}");
    assert.match(codeOf(answer), /CONSOLE_TOKEN|CONSOLE_FOREIGN_ORIGIN/);
  }
  for (const body of ['{"signal":"STOP"}', '{"signal":"KILL","more":1}', "[]", "{", "7"])
    assert.deepEqual([body, codeOf(await post(path, {}, body))], [body, "CONSOLE_BODY"]);
  for (const wrong of ["/api/components/apiserver/kill", "/api/components//stop", "/api/components/stop", "/api/components/%ZZ/stop"])
    assert.equal((await post(wrong, {}, "{}")).status, 404, wrong);
  assert.deepEqual(changed, []);
  assert.equal((await post(path, {}, '{"signal":"KILL"}')).status, 200);
  assert.equal((await post("/api/components/pod%2Fshop%2Fcart/restart", {}, "")).status, 200);
  assert.deepEqual(changed, [
    ["router/node-1/hold", "stop", "KILL"],
    ["pod/shop/cart", "restart", "TERM"],
  ]);
});

test("a held removal is decided by its id", async () => {
  assert.ok(lab.snapshot().held.some((held) => held.id === "held-2"));
  assert.equal((await act("held-reject", {}, '{"target":"held-2"}')).status, 200);
  assert.ok(!lab.snapshot().held.some((held) => held.id === "held-2"));
});

test("a body that is no small JSON object of one target is refused", async () => {
  for (const body of [
    "[",
    "[]",
    '"x"',
    "null",
    '{"target":7}',
    '{"target":""}',
    '{"target":"a","more":1}',
    '{"__proto__":{}}',
    `{"target":"${"x".repeat(254)}"}`,
  ]) {
    const answer = await act("kill-router", {}, body);
    assert.deepEqual([answer.status, codeOf(answer)], [400, "CONSOLE_BODY"], body);
  }
  const large = await act("kill-router", {}, `{"target":"${"x".repeat(5000)}"}`);
  assert.deepEqual([large.status, codeOf(large)], [413, "CONSOLE_BODY_TOO_LARGE"]);
});

test("every part of the snapshot can be had alone, and what is not there is 404", async () => {
  const index = JSON.parse((await ask("/api")).text) as Record<string, string>;
  for (const path of Object.keys(index)) {
    if (path !== "/api/events") assert.equal((await ask(path)).status, 200, path);
  }
  assert.equal((JSON.parse((await ask("/api/lanes/hold")).text) as { label: string }).label, "Holdfast");
  assert.equal((JSON.parse((await ask("/api/nodes/node-1")).text) as { zone: string }).zone, "eu-central-1a");
  for (const path of ["/api/nothing", "/api/lanes/other", "/api/lanes/hold/more", "/api/nodes/%ZZ", "/api/constructor", "/api/__proto__"]) {
    assert.equal((await ask(path)).status, 404, path);
  }
});

test("every path is documented", () => {
  const docs = join(import.meta.dirname, "../../../docs/reference");
  const api = readFileSync(join(docs, "console-api.md"), "utf8");
  for (const path of Object.keys(API_INDEX)) assert.ok(api.includes(`GET ${path}\``), path);
});

test("a stream sends whole frames, one at once and then one an interval, and says so when one cannot be taken", async () => {
  const socket = connect(port, "127.0.0.1");
  socket.setEncoding("utf8");
  let text = "";
  const events = (): string[] => text.split("\n\n").filter((part) => part.includes("event: "));
  const until = async (count: number): Promise<void> => {
    while (events().length < count) await new Promise((resolve) => socket.once("data", resolve));
  };
  socket.on("data", (chunk: string) => (text += chunk));
  socket.write(`GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  await until(1);
  await clock.advance(249);
  assert.equal(events().length, 1);
  await clock.advance(1);
  await until(2);
  const data = /data: (.*)/.exec(events()[1] ?? "")?.[1] ?? "";
  const frame = JSON.parse(data) as ConsoleFrame;
  assert.equal(frame.snapshot.lanes.length, 2);
  assert.ok(frame.actions.length > 5);
  assert.ok(data.length < 64 * 1024, `a frame is ${data.length} bytes`);
  isBroken = true;
  await clock.advance(250);
  await until(3);
  isBroken = false;
  assert.match(events()[2] ?? "", /event: problem\s+data: \{"message":"the lab is closing"\}/);
  await clock.advance(250);
  await until(4);
  socket.destroy();
});

test("the streams are bounded", async () => {
  const open = await Promise.all(
    Array.from({ length: 33 }, () => {
      return new Promise<{ status: number; close: () => void }>((resolve, reject) => {
        const outgoing = httpRequest({ host: "127.0.0.1", port, path: "/api/events" }, (response) => {
          response.on("error", () => {});
          response.resume();
          resolve({ status: response.statusCode ?? 0, close: () => outgoing.destroy() });
        });
        outgoing.on("error", reject);
        outgoing.end();
      });
    }),
  );
  assert.equal(open.filter((stream) => stream.status === 200).length, 32);
  assert.equal(open.filter((stream) => stream.status === 503).length, 1);
  for (const stream of open) stream.close();
});

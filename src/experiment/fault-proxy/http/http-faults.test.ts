import assert from "node:assert/strict";
import { type IncomingMessage, type RequestListener, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { type ProxyUnderTest, proxyUnderTest } from "../testing/kit.ts";

interface Answered {
  readonly status: number | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  /** How it ended: whole, or with what error. */
  readonly end: string;
}

interface Ask {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** After so long what came is looked at, whether it has ended or not. */
  readonly lookAfterMs?: number;
}

/** A proxy for HTTP before a server, and requests through it. */
async function stage(
  t: TestContext,
  serve: RequestListener,
): Promise<
  ProxyUnderTest & {
    ask(path: string, how?: Ask): Promise<Answered>;
    rule(rule: object): Promise<void>;
    break(fault: object, match?: object): Promise<void>;
  }
> {
  const server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const proxy = await proxyUnderTest(t);
  const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const made = await proxy.call("POST", "/proxies", { name: "web", listen: "127.0.0.1:0", upstream, protocol: "http" });
  const port = Number((made.body as { listen: string }).listen.split(":").at(-1));
  const rule = async (body: object): Promise<void> => {
    const added = await proxy.call("POST", "/proxies/web/rules", body);
    assert.equal(added.status, 200, added.text);
  };
  return {
    ...proxy,
    rule,
    async break(fault, match = {}) {
      await proxy.call("POST", "/reset");
      await rule({ fault, match });
    },
    ask: (path, { method = "GET", body, headers = {}, lookAfterMs = 30_000 } = {}) =>
      new Promise((resolve) => {
        let answer: IncomingMessage | undefined;
        let text = "";
        const settle = (end: string): void => {
          clearTimeout(timer);
          asked.destroy();
          resolve({ status: answer?.statusCode, headers: answer?.headers ?? {}, text, end });
        };
        const timer = setTimeout(() => settle("open"), lookAfterMs);
        const asked = request({ host: "127.0.0.1", port, path, method, headers, agent: false });
        asked.on("error", (error: NodeJS.ErrnoException) => settle(error.code ?? error.message));
        asked.on("response", (response) => {
          answer = response;
          response.setEncoding("utf8");
          response.on("data", (piece: string) => (text += piece));
          response.on("error", (error: NodeJS.ErrnoException) => settle(error.code ?? error.message));
          response.on("end", () => settle(response.complete ? "whole" : "cut"));
        });
        asked.end(body);
      }),
  };
}

const hello: RequestListener = (incoming, response) => {
  incoming.resume().on("end", () => {
    response.setHeader("x-host", incoming.headers.host ?? "");
    response.end("hello ".repeat(100));
  });
};

test("without a rule, requests and answers pass as they are, Host and bodies too", async (t) => {
  const { ask } = await stage(t, (incoming, response) => {
    let body = "";
    incoming.on("data", (piece: Buffer) => (body += piece.toString()));
    incoming.on("end", () => {
      response.writeHead(201, "Made", ["X-One", "1", "X-One", "2"]);
      response.end(JSON.stringify([incoming.method, incoming.url, incoming.headers.host, body]));
    });
  });
  const { status, headers, text } = await ask("/a?b=%20c", { method: "POST", body: "x".repeat(200_000), headers: { host: "shop.lab" } });
  assert.equal(status, 201);
  assert.equal(headers["x-one"], "1, 2");
  assert.deepEqual(JSON.parse(text), ["POST", "/a?b=%20c", "shop.lab", "x".repeat(200_000)]);
});

test("an answer that is cut in its head or in its body is never a whole one", async (t) => {
  const { ask, break: breakWith } = await stage(t, (_incoming, response) => {
    // Without a length: only the end of the chunks says that it is whole.
    response.write("hello ".repeat(50));
    response.end("hello ".repeat(50));
  });
  for (const how of ["reset", "close"]) {
    await breakWith({ type: "cut", in: "headers", bytes: 20, how });
    const head = await ask("/");
    assert.equal(head.status, undefined);
    assert.match(head.end, /^(ECONNRESET|HPE_INVALID_EOF_STATE)$/);
    await breakWith({ type: "cut", in: "body", bytes: 100, how });
    const body = await ask("/");
    assert.deepEqual([body.status, body.text.length], [200, 100]);
    assert.match(body.end, /^ECONNRESET$/);
  }
});

test("a status is replaced, an answer is made up, corrupted or delayed, by path and method", async (t) => {
  const { ask, rule } = await stage(t, hello);
  await rule({ name: "teapot", match: { path: "^/tea", method: "GET" }, fault: { type: "status", status: 418 } });
  await rule({
    name: "html",
    match: { path: "^/html" },
    fault: { type: "answer", headers: { "content-type": "text/html" }, body: "<html>" },
  });
  await rule({ name: "bytes", match: { path: "^/bytes" }, fault: { type: "corrupt", every: 100 } });
  await rule({ name: "late", match: { path: "^/late" }, fault: { type: "delay", ms: 200, at: "headers" } });
  assert.deepEqual(await ask("/tea").then(({ status, text }) => [status, text.length]), [418, 600]);
  assert.equal((await ask("/tea", { method: "POST" })).status, 200);
  assert.deepEqual(await ask("/html").then(({ headers, text }) => [headers["content-type"], text]), ["text/html", "<html>"]);
  const { text } = await ask("/bytes");
  assert.equal(text.split("").filter((letter, at) => letter !== "hello "[at % 6]).length, 6);
  const startMs = performance.now();
  await ask("/late");
  assert.ok(performance.now() - startMs >= 195);
});

test("what is lost after it was done was done", async (t) => {
  const done: string[] = [];
  const { ask, break: breakWith } = await stage(t, (incoming, response) => {
    done.push(incoming.method ?? "");
    response.end("done");
  });
  await breakWith({ type: "lose_answer" }, { method: "POST" });
  assert.deepEqual([(await ask("/", { method: "POST" })).end, done], ["ECONNRESET", ["POST"]]);
  await breakWith({ type: "reset" });
  assert.deepEqual([(await ask("/")).end, done], ["ECONNRESET", ["POST"]]);
  await breakWith({ type: "hang" });
  assert.deepEqual([(await ask("/", { lookAfterMs: 200 })).end, done], ["open", ["POST"]]);
});

test("a rule lets the first go, takes so many, a share of them, and counts", async (t) => {
  const { ask, rule, call } = await stage(t, hello);
  await rule({ name: "second and third", fault: { type: "status", status: 500 }, skip: 1, count: 2 });
  const statuses: (number | undefined)[] = [];
  for (let at = 0; at < 5; at++) statuses.push((await ask("/")).status);
  assert.deepEqual(statuses, [200, 500, 500, 200, 200]);
  const counted = (await call("GET", "/proxies/web/rules/second%20and%20third")).body as { seen: number; taken: number };
  assert.deepEqual([counted.seen, counted.taken], [5, 2]);
  await call("POST", "/reset");
  await rule({ fault: { type: "status", status: 503 }, share: 0.3 });
  const outcomes: (number | undefined)[] = [];
  for (let at = 0; at < 60; at++) outcomes.push((await ask("/")).status);
  const broken = outcomes.filter((status) => status === 503).length;
  assert.ok(broken > 5 && broken < 35, `${broken} of 60`);
});

test("a slow answer takes the time that its bytes need", async (t) => {
  const { ask, break: breakWith } = await stage(t, hello);
  await breakWith({ type: "slow", bytes_per_second: 1000 });
  const startMs = performance.now();
  const { text, end } = await ask("/");
  assert.deepEqual([text.length, end], [600, "whole"]);
  assert.ok(performance.now() - startMs >= 590);
});

test("an upgrade passes both ways", async (t) => {
  const server = createServer();
  server.on("upgrade", (_incoming, socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const proxy = await proxyUnderTest(t);
  const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { body } = await proxy.call("POST", "/proxies", { name: "web", listen: "127.0.0.1:0", upstream, protocol: "http" });
  const port = Number((body as { listen: string }).listen.split(":").at(-1));
  const answered = await new Promise<string>((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, headers: { connection: "Upgrade", upgrade: "echo" } });
    asked.on("error", reject);
    asked.on("upgrade", (_response, socket) => {
      socket.once("data", (piece: Buffer) => {
        socket.destroy();
        resolve(piece.toString());
      });
      socket.write("ping");
    });
    asked.end();
  });
  assert.equal(answered, "ping");
});

test("a rule that is wrong is refused with what is wrong and what there is", async (t) => {
  const { call } = await stage(t, hello);
  const cases: readonly (readonly [object, RegExp])[] = [
    [{ fault: { type: "explode" } }, /fault\.type must be one of reset, close, hang, delay/],
    [{ fault: { type: "status", status: 1000 } }, /status must be a number from 200 to 599/],
    [{ fault: { type: "status", status: 500, statsu: 1 } }, /fault status has no field \\"statsu\\"; it has type, status/],
    [{ fault: { type: "reset" }, match: { path: "(" } }, /match\.path \\"\(\\" is no regular expression/],
    [{ fault: { type: "reset" }, match: { verbs: ["list"] } }, /match has no field \\"verbs\\"; it has path, host/],
    [{ fault: { type: "reset" }, share: 2 }, /share must be a number from 0 to 1/],
    [{ fault: { type: "answer", headers: { "x-a": "a\r\nb" } } }, /header \\"x-a\\" cannot be sent/],
  ];
  for (const [body, message] of cases) {
    const { status, text } = await call("POST", "/proxies/web/rules", body);
    assert.equal(status, 400, text);
    assert.match(text, message);
  }
  await call("POST", "/proxies", { name: "bytes", listen: "127.0.0.1:0", upstream: "127.0.0.1:9" });
  assert.match((await call("POST", "/proxies/bytes/rules", { fault: { type: "reset" } })).text, /only a proxy with .* has rules/);
});

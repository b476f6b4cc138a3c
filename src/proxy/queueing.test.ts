import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { until } from "../kernel/testing/until.ts";
import type { Call } from "../route/index.ts";
import { type ProxyUnderTest, route, startProxy } from "./testing/proxy-under-test.ts";
import type { RawConnection } from "./testing/raw-peers.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
const get = (path: string): string => `GET /${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;

function serve(under: ProxyUnderTest, ...filters: readonly Call[]): void {
  under.routes([route({ type: "network", address: `http://127.0.0.1:${under.server.port}` }, filters)]);
}

async function arrived(under: ProxyUnderTest): Promise<{ readonly connection: RawConnection; readonly path: string }> {
  const { connection, text } = await under.server.request();
  return { connection, path: text.slice(5, text.indexOf(" HTTP")) };
}

function waiting(under: ProxyUnderTest, filter: string): number {
  return under.metric("holdfast_filter_queue_waiting", filter);
}

test("a queue serves one after another, refuses one too many, and gives up one that waits too long", async () => {
  const clock = new ManualClock();
  const under = await startProxy({}, clock);
  serve(under, { name: "fifoWithBody", args: [1, 1, "5s"] });
  const first = under.client().send(get("1"));
  const { connection } = await arrived(under);
  const second = under.client().send(get("2"));
  await until("one waits", () => waiting(under, "fifoWithBody") === 1);
  assert.match(await under.exchange(get("3")), /^HTTP\/1\.1 503 [^]*too many requests wait\n$/);
  connection.send(`${OK}o`);
  await first.until("\r\n\r\no");
  assert.equal(waiting(under, "fifoWithBody"), 1, "the place is held until the body is there");
  connection.send("k");
  await first.ended();
  const next = await arrived(under);
  assert.equal(next.path, "2");
  const third = under.client().send(get("4"));
  await until("one waits", () => waiting(under, "fifoWithBody") === 1);
  await clock.advance(5_000);
  assert.match(await third.ended(), /^HTTP\/1\.1 502 [^]*waited too long\n$/);
  next.connection.send(`${OK}ok`);
  assert.match(await second.ended(), /ok$/);
  await under.close();
});

test("the newest is served first, as soon as the head of an answer is there; who leaves is not served", async () => {
  const under = await startProxy();
  serve(under, { name: "lifo", args: [1, 10, "5s"] });
  under.client().send(get("1"));
  const { connection } = await arrived(under);
  const clients = [];
  for (const path of ["2", "3", "4"]) {
    clients.push(under.client().send(get(path)));
    await until("all wait", () => waiting(under, "lifo") === clients.length);
  }
  clients[2]?.socket.resetAndDestroy();
  await until("two wait", () => waiting(under, "lifo") === 2);
  connection.send(`${OK}o`);
  const next = await arrived(under);
  assert.equal(next.path, "3");
  next.connection.send(`${OK}ok`);
  assert.equal((await arrived(under)).path, "2");
  await under.close();
});

test("routes of a group share a queue, which outlives the table", async () => {
  const under = await startProxy();
  const routes = (): void =>
    under.routes(
      ["a", "b"].map((id) =>
        route(
          { type: "network", address: `http://127.0.0.1:${under.server.port}` },
          [{ name: "lifoGroup", args: id === "a" ? ["g", 1, 1, "5s"] : ["g"] }],
          [{ name: "Path", args: [`/${id}`] }],
          id,
        ),
      ),
    );
  routes();
  under.client().send(get("a"));
  const first = await arrived(under);
  assert.equal(first.path, "a");
  routes();
  const second = under.client().send(get("b"));
  await until("one waits", () => waiting(under, "lifoGroup") === 1);
  first.connection.send(`${OK}ok`);
  (await arrived(under)).connection.send(`${OK}ok`);
  assert.match(await second.ended(), /ok$/);
  await under.close();
});

test("requests are rejected while too many fail, and none any more when they do not", async () => {
  const clock = new ManualClock();
  const under = await startProxy({}, clock);
  serve(under, { name: "admissionControl", args: ["shop", "active", "1s", 5, 1, 0.95, 0.9, 0.5] });
  under.server.answer("HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno");
  const send = async (times: number): Promise<number> => {
    let rejected = 0;
    for (let at = 0; at < times; at++) if (/Admission-Control: true/.test(await under.exchange(get("")))) rejected++;
    return rejected;
  };
  await send(20);
  const rejected = await send(50);
  assert.ok(rejected > 38 && rejected < 50, `${rejected} of 50, at 0.9`);
  assert.ok(under.metric("holdfast_filter_admission_rejected_total", "shop", "active") >= rejected);
  await clock.advance(6_000);
  under.server.answer(`${OK}ok`);
  assert.equal(await send(30), 0);
  await under.close();
});

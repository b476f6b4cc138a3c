import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { systemClock } from "../../kernel/index.ts";
import { ManualClock } from "../../kernel/testing/manual-clock.ts";
import type { Pool, RouteDefinition } from "../../route/index.ts";
import { silentLog } from "../../telemetry/index.ts";
import { decodeDelta } from "../delta.ts";
import { readRouteLine } from "../generation-words.ts";
import type { FromControl } from "../messages.ts";
import { openSnapshotStore } from "../snapshot/store.ts";
import { createPublisher, lastNumberOf } from "./publisher.ts";

const route = (id: string): RouteDefinition => ({
  id,
  predicates: [],
  filters: [],
  backend: { type: "pool", pool: "p", algorithm: "roundRobin" },
});
const pool = (id: string, ...addresses: string[]): Pool => ({ id, endpoints: addresses.map((address) => ({ address, tier: "fresh" })) });

function kinds(sent: readonly FromControl[]): readonly string[] {
  return sent.map((message) => (message.type === "generation" ? `generation ${message.header.number}` : message.type));
}

test("without a folder numbers grow over restarts all the same: they go on from the time of day", async () => {
  const clock = new ManualClock();
  const firstNumber = async (): Promise<number> => {
    const sent: FromControl[] = [];
    const options = { source: "test", lastNumber: lastNumberOf({ policy: "hold", lastNumber: 0 }, clock) };
    const publisher = createPublisher(options, undefined, {
      clock,
      log: silentLog,
      store: undefined,
      send: (message) => sent.push(message),
    });
    for (const id of ["a", "b", "c"]) {
      publisher.publish({ routes: [route(id)], pools: [] }, {});
      await publisher.settled();
    }
    const [generation] = sent;
    return generation?.type === "generation" ? generation.header.number : 0;
  };
  const before = await firstNumber();
  await clock.advance(5_000);
  const after = await firstNumber();
  assert.ok(before > 0 && after > before + 2, `${before}, ${after}`);
  assert.equal(lastNumberOf({ policy: "hold", lastNumber: 7, snapshotDirectory: "/x" }, clock), 7);
  assert.equal(lastNumberOf({ policy: "naive", lastNumber: 7 }, clock), 7);
});

test("new routes make a generation, other pools a pool update, and the same again nothing", async () => {
  const sent: FromControl[] = [];
  const publisher = createPublisher({ source: "test", lastNumber: 4 }, undefined, {
    clock: systemClock,
    log: silentLog,
    store: undefined,
    send: (message) => sent.push(message),
  });
  const publish = async (routes: readonly RouteDefinition[], pools: readonly Pool[]): Promise<void> => {
    publisher.publish({ routes, pools }, {});
    await publisher.settled();
  };
  await publish([route("a")], [pool("p", "http://10.0.0.1:80"), pool("q", "http://10.0.0.9:80")]);
  await publish([route("a")], [pool("p", "http://10.0.0.1:80"), pool("q", "http://10.0.0.9:80")]);
  await publish([route("a")], [pool("p", "http://10.0.0.2:80")]);
  await publish([route("a"), route("b")], [pool("p", "http://10.0.0.2:80")]);
  assert.deepEqual(kinds(sent), ["generation 5", "pools", "generation 6"]);
  assert.ok(sent[0]?.type === "generation" && sent[0].delta === undefined, "nothing is known of what the workers have");
  assert.deepEqual(sent[1], { type: "pools", changed: [pool("p", "http://10.0.0.2:80")], removed: ["q"] });
});

test("a process that starts where another ended makes no new generation of the same routes and tells all its pools once", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-publisher-"));
  t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
  const sent: FromControl[] = [];
  const start = (): ReturnType<typeof createPublisher> => {
    const store = openSnapshotStore({ directory, source: "test" }, { log: silentLog });
    return createPublisher({ source: "test", lastNumber: 0 }, store.readNewest()?.header, {
      clock: systemClock,
      log: silentLog,
      store,
      send: (message) => sent.push(message),
    });
  };
  const first = start();
  first.publish({ routes: [route("a")], pools: [pool("p")] }, {});
  await first.settled();
  const second = start();
  second.publish({ routes: [route("a")], pools: [pool("p")] }, {});
  await second.settled();
  second.publish({ routes: [route("b")], pools: [pool("p")] }, {});
  await second.settled();
  assert.deepEqual(kinds(sent), ["generation 1", "pools", "generation 2"]);
  assert.deepEqual(second.snapshot.errors, 0);
});

test("a generation brings the way from the one before it: the routes and the pools that are others", async () => {
  const sent: FromControl[] = [];
  const publisher = createPublisher({ source: "test", lastNumber: 0 }, undefined, {
    clock: systemClock,
    log: silentLog,
    store: undefined,
    send: (message) => sent.push(message),
  });
  const publish = async (routes: readonly RouteDefinition[], pools: readonly Pool[]): Promise<void> => {
    publisher.publish({ routes, pools }, {});
    await publisher.settled();
  };
  const changed = { ...route("c"), filters: [{ name: "setPath", args: ["/"] }] };
  await publish([route("a"), route("b"), route("c"), route("d")], [pool("p", "http://10.0.0.1:80"), pool("q"), pool("r")]);
  await publish([route("a"), route("b"), route("c"), route("d")], [pool("p", "http://10.0.0.2:80"), pool("q"), pool("r")]);
  await publish([route("a"), route("b"), changed, route("e")], [pool("p", "http://10.0.0.2:80"), pool("q", "http://10.0.0.3:80")]);
  const [first, , last] = sent;
  assert.ok(first?.type === "generation" && last?.type === "generation" && last.delta !== undefined);
  const { from, text, pools } = last.delta;
  const delta = decodeDelta(text);
  assert.deepEqual([from, delta.from, delta.header], [1, first.header.sha256, last.header]);
  assert.deepEqual(
    delta.gone.map(({ id }) => id),
    ["c", "d"],
  );
  assert.deepEqual(
    delta.come.map(({ line }) => readRouteLine(line)),
    [changed, route("e")],
  );
  assert.deepEqual(pools, { changed: [pool("q", "http://10.0.0.3:80")], removed: ["r"] });
});

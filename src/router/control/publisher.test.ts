import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { seededRandom, systemClock } from "../../kernel/index.ts";
import { ManualClock } from "../../kernel/testing/manual-clock.ts";
import type { Pool, RouteDefinition } from "../../route/index.ts";
import { silentLog } from "../../telemetry/index.ts";
import { decodeDelta } from "../delta.ts";
import { encodeGeneration } from "../encode-generation.ts";
import { readRouteLine } from "../generation-words.ts";
import type { FromControl } from "../messages.ts";
import { openSnapshotStore } from "../snapshot/store.ts";
import { SnapshotWrites } from "./snapshot-writes.ts";
import { type Publisher, createPublisher, lastNumberOf } from "./publisher.ts";

const route = (id: string): RouteDefinition => ({
  id,
  predicates: [],
  filters: [],
  backend: { type: "pool", pool: "p", algorithm: "roundRobin" },
});
const pool = (id: string, ...addresses: string[]): Pool => ({ id, endpoints: addresses.map((address) => ({ address, tier: "fresh" })) });

function kinds(sent: readonly FromControl[]): readonly string[] {
  return sent.map((message) => ("header" in message ? `${message.type} ${message.header.number}` : message.type));
}

/** A publisher without a folder, and what it has sent. */
function publishing(lastNumber: number): {
  readonly sent: readonly FromControl[];
  readonly publisher: Publisher;
  publish(routes: readonly RouteDefinition[], pools: readonly Pool[]): Promise<void>;
} {
  const sent: FromControl[] = [];
  const publisher = createPublisher({ source: "test", lastNumber }, undefined, {
    clock: systemClock,
    log: silentLog,
    writes: new SnapshotWrites({ clock: systemClock, log: silentLog }),
    store: undefined,
    send: (message) => sent.push(message),
  });
  return {
    sent,
    publisher,
    async publish(routes, pools) {
      publisher.publishAll({ routes, pools }, {});
      await publisher.settled();
    },
  };
}

test("without a folder numbers grow over restarts all the same: they go on from the time of day", async () => {
  const clock = new ManualClock();
  const firstNumber = async (): Promise<number> => {
    const sent: FromControl[] = [];
    const options = { source: "test", lastNumber: lastNumberOf({ policy: "hold", lastNumber: 0 }, clock) };
    const publisher = createPublisher(options, undefined, {
      clock,
      log: silentLog,
      writes: new SnapshotWrites({ clock: systemClock, log: silentLog }),
      store: undefined,
      send: (message) => sent.push(message),
    });
    for (const id of ["a", "b", "c"]) {
      publisher.publishAll({ routes: [route(id)], pools: [] }, {});
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
  const { sent, publish } = publishing(4);
  await publish([route("a")], [pool("p", "http://10.0.0.1:80"), pool("q", "http://10.0.0.9:80")]);
  await publish([route("a")], [pool("p", "http://10.0.0.1:80"), pool("q", "http://10.0.0.9:80")]);
  await publish([route("a")], [pool("p", "http://10.0.0.2:80")]);
  await publish([route("a"), route("b")], [pool("p", "http://10.0.0.2:80")]);
  assert.deepEqual(kinds(sent), ["generation 5", "pools", "delta 6"]);
  assert.deepEqual(sent[1], { type: "pools", changed: [pool("p", "http://10.0.0.2:80")], removed: ["q"] });
});

test("a process that starts where another ended makes no new generation of the same routes; it tells all its pools and that one whole, once", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-publisher-"));
  t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
  const sent: FromControl[] = [];
  const start = (): ReturnType<typeof createPublisher> => {
    const store = openSnapshotStore({ directory, source: "test" }, { log: silentLog });
    return createPublisher({ source: "test", lastNumber: 0 }, store.readNewest()?.header, {
      clock: systemClock,
      log: silentLog,
      writes: new SnapshotWrites({ clock: systemClock, log: silentLog }),
      store,
      send: (message) => sent.push(message),
    });
  };
  const first = start();
  first.publishAll({ routes: [route("a")], pools: [pool("p")] }, {});
  await first.settled();
  const second = start();
  second.publishAll({ routes: [route("a")], pools: [pool("p")] }, {});
  await second.settled();
  second.publishAll({ routes: [route("b")], pools: [pool("p")] }, {});
  await second.settled();
  assert.deepEqual(kinds(sent), ["generation 1", "pools", "generation 1", "generation 2"]);
  assert.deepEqual(second.snapshot.errors, 0);
});

test("a generation brings the way from the one before it: the routes and the pools that are others", async () => {
  const { sent, publish } = publishing(0);
  const changed = { ...route("c"), filters: [{ name: "setPath", args: ["/"] }] };
  await publish([route("a"), route("b"), route("c"), route("d")], [pool("p", "http://10.0.0.1:80"), pool("q"), pool("r")]);
  await publish([route("a"), route("b"), route("c"), route("d")], [pool("p", "http://10.0.0.2:80"), pool("q"), pool("r")]);
  await publish([route("a"), route("b"), changed, route("e")], [pool("p", "http://10.0.0.2:80"), pool("q", "http://10.0.0.3:80")]);
  const [first, , last] = sent;
  assert.ok(first?.type === "generation" && last?.type === "delta");
  const { from, text, pools, header } = last;
  const delta = decodeDelta(text);
  assert.deepEqual([from, delta.from, delta.header], [1, first.header.routesDigest, header]);
  assert.deepEqual(delta.gone.map(({ id }) => id).toSorted(), ["c", "d"]);
  assert.deepEqual(
    delta.come.map(({ line }) => readRouteLine(line)),
    [changed, route("e")],
  );
  assert.deepEqual(pools, { changed: [pool("q", "http://10.0.0.3:80")], removed: ["r"] });
});

test("where most routes change, and when it is asked for, the whole is handed out", async () => {
  const { sent, publisher, publish } = publishing(0);
  await publish(["a", "b", "c", "d"].map(route), []);
  await publish(["d", "e", "f", "g"].map(route), []);
  const none = { changed: [], removed: [] };
  publisher.publish({ routes: { changed: [route("h")], removed: [] }, pools: none }, {});
  await publisher.settled();
  publisher.tellWhole();
  await publisher.settled();
  assert.deepEqual(kinds(sent), ["generation 1", "generation 2", "delta 3", "generation 3"]);
});

test("changes told one by one come to what they come to when all is told again", async () => {
  const { sent, publisher } = publishing(0);
  const world = { routes: new Map<string, RouteDefinition>(), pools: new Map<string, Pool>() };
  publisher.publishAll({ routes: [], pools: [] }, {});
  const random = seededRandom(1);
  const any = (of: readonly string[]): string => of[Math.floor(random.next() * of.length)] ?? "";
  for (let step = 0; step < 200; step++) {
    const [id, poolId, address] = [any(["a", "b", "c", "d", "e"]), any(["p", "q", "r"]), any(["http://10.0.0.1:80", "http://10.0.0.2:80"])];
    const [goes, poolGoes] = [random.next() < 0.3, random.next() < 0.3];
    const changed = { ...route(id), filters: [{ name: "setPath", args: [any(["/", "/x"])] }] };
    if (goes) world.routes.delete(id);
    else world.routes.set(id, changed);
    if (poolGoes) world.pools.delete(poolId);
    else world.pools.set(poolId, pool(poolId, address));
    publisher.publish(
      {
        routes: goes ? { changed: [], removed: [id] } : { changed: [changed], removed: [] },
        pools: poolGoes ? { changed: [], removed: [poolId] } : { changed: [pool(poolId, address)], removed: [] },
      },
      {},
    );
    if (random.next() < 0.7) await publisher.settled();
  }
  await publisher.settled();
  const before = sent.length;
  publisher.publishAll({ routes: [...world.routes.values()], pools: [...world.pools.values()] }, {});
  await publisher.settled();
  assert.equal(sent.length, before, "nothing is left to say");
  const last = sent.findLast((message) => "header" in message);
  assert.ok(last !== undefined && "header" in last);
  const expected = encodeGeneration(
    { routes: [...world.routes.values()], pools: [] },
    { number: 1, createdAtMs: 0, source: "test", revisions: {} },
  );
  assert.equal(last.header.routesDigest, expected.header.routesDigest);
});

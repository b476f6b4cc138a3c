import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import { seededRandom, systemClock } from "../../kernel/index.ts";
import type { Pool, RouteDefinition } from "../../route/index.ts";
import { silentLog } from "../../telemetry/index.ts";
import { type OpenGeneration, decodeGeneration } from "../generation.ts";
import type { FromControl } from "../messages.ts";
import { readGenerationFile } from "../snapshot/generation-file.ts";
import { type SnapshotStore, openSnapshotStore } from "../snapshot/store.ts";
import { type Publisher, createPublisher } from "./publisher.ts";
import { SnapshotWrites } from "./snapshot-writes.ts";

interface Published {
  readonly directory: string;
  readonly store: SnapshotStore;
  readonly publisher: Publisher;
  /** Routes and pools as they were when each message went out, by what it was. */
  readonly told: { readonly message: FromControl; readonly onDisk: string }[];
}

const said = (generation: OpenGeneration | undefined): string => {
  if (generation === undefined) return "nothing";
  const { routes, pools } = decodeGeneration(generation.text);
  const byId = <T extends { readonly id: string }>(list: readonly T[]): readonly T[] => list.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return JSON.stringify([byId(routes), byId(pools)]);
};

function published(t: TestContext): Published {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-published-"));
  t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
  const store = openSnapshotStore({ directory, source: "test" }, { log: silentLog });
  const told: { message: FromControl; onDisk: string }[] = [];
  const publisher = createPublisher({ source: "test", lastNumber: 0 }, undefined, {
    clock: systemClock,
    log: silentLog,
    writes: new SnapshotWrites({ clock: systemClock, log: silentLog }),
    store,
    send: (message) => told.push({ message, onDisk: said(store.readNewest()) }),
  });
  return { directory, store, publisher, told };
}

const route = (id: string, path: string): RouteDefinition => ({
  id,
  predicates: [{ name: "HostAny", args: [`${id}.org`] }],
  filters: [{ name: "setPath", args: [path] }],
  backend: { type: "pool", pool: "p0", algorithm: "roundRobin" },
});

/** Changes a world step by step, publishes each change, and answers what the world was after each. */
async function change({ publisher }: Published, steps: number, padding = ""): Promise<readonly string[]> {
  const random = seededRandom(3);
  const pick = (count: number): number => Math.floor(random.next() * count);
  const routes = new Map(Array.from({ length: 8 }, (_, at) => [`r${at}`, route(`r${at}`, `/${padding}`)]));
  const pools = new Map<string, Pool>([["p0", { id: "p0", endpoints: [] }]]);
  const world = (): string => {
    const sorted = <T>(map: ReadonlyMap<string, T>): readonly T[] =>
      [...map].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
    return JSON.stringify([sorted(routes), sorted(pools)]);
  };
  publisher.publishAll({ routes: [...routes.values()], pools: [...pools.values()] }, {});
  await publisher.settled();
  const worlds = [world()];
  for (let step = 0; step < steps; step++) {
    const changed = {
      routes: { changed: [] as RouteDefinition[], removed: [] as string[] },
      pools: { changed: [] as Pool[], removed: [] as string[] },
    };
    const poolId = `p${1 + pick(3)}`;
    if (pick(2) === 0) {
      const id = `r${pick(10)}`;
      if (pick(3) === 0) {
        routes.delete(id);
        changed.routes.removed.push(id);
      } else {
        routes.set(id, route(id, `/${step}${padding}`));
        changed.routes.changed.push(route(id, `/${step}${padding}`));
      }
    }
    if (pick(3) === 0) {
      pools.delete(poolId);
      changed.pools.removed.push(poolId);
    } else {
      const pool: Pool = { id: poolId, endpoints: [{ address: `http://10.0.0.${step % 250}:80`, tier: "fresh" }] };
      pools.set(poolId, pool);
      changed.pools.changed.push(pool);
    }
    publisher.publish(changed, {});
    await publisher.settled();
    worlds.push(world());
  }
  return worlds;
}

test("whatever is handed out is on disk by then: a process that is killed at any moment knows no less than the workers serve", async (t) => {
  const made = published(t);
  const worlds = await change(made, 60);
  const changes = made.told.filter(({ message }) => message.type !== "generation" || message === made.told[0]?.message);
  const distinct = worlds.filter((world, at) => world !== worlds[at - 1]);
  assert.deepEqual(
    changes.map(({ onDisk }) => onDisk),
    distinct,
  );
  assert.equal(said(made.store.readNewest()), worlds.at(-1));
});

test("a generation's file cut at any byte, or with one altered, has what was handed out at some moment before, and never anything else", async (t) => {
  const made = published(t);
  const worlds = new Set(await change(made, 8));
  const [name] = readdirSync(made.directory);
  assert.ok(name !== undefined);
  const bytes = readFileSync(join(made.directory, name));
  const read = (some: Buffer): string => {
    try {
      return said(readGenerationFile(some, () => false).generation);
    } catch {
      return "nothing";
    }
  };
  const order = [...worlds];
  let last = -1;
  for (let length = 0; length <= bytes.length; length++) {
    const known = read(bytes.subarray(0, length));
    const at = known === "nothing" ? -1 : order.indexOf(known);
    assert.ok(known === "nothing" || at >= 0, `cut at ${length}`);
    assert.ok(at >= last, `cut at ${length}: a longer file knows less`);
    last = at;
  }
  assert.equal(last, order.length - 1);
  for (let byte = 0; byte < bytes.length; byte++) {
    const altered = Buffer.from(bytes);
    altered[byte] = (altered[byte] ?? 0) ^ 4;
    const known = read(altered);
    assert.ok(known === "nothing" || worlds.has(known), `byte ${byte}`);
  }
});

test("a file in which a lot follows is begun anew while changes go on, and none is missing from it", async (t) => {
  const made = published(t);
  const worlds = await change(made, 60, "x".repeat(4_000));
  await made.publisher.settled();
  const wholes = made.told.filter(({ message }) => message.type === "generation");
  assert.ok(wholes.length > 1, "it was made whole again");
  for (const name of readdirSync(made.directory).filter((entry) => entry.startsWith(".")))
    rmSync(join(made.directory, name), { force: true });
  assert.equal(said(made.store.readNewest()), worlds.at(-1));
});

test("a bad generation is passed over inside a file too: what was served before it is read, and what came after it", async (t) => {
  const made = published(t);
  const all = (path: string): readonly RouteDefinition[] => ["a", "b", "c"].map((id) => route(id, id === "b" ? path : "/"));
  for (const path of ["/1", "/2", "/3"]) {
    made.publisher.publishAll({ routes: all(path), pools: [] }, {});
    await made.publisher.settled();
  }
  assert.equal(made.store.readNewest()?.header.number, 3);
  assert.equal(made.store.readNewest(new Set([3]))?.header.number, 2);
  made.store.markBad(2, "workers died");
  assert.equal(made.store.readNewest()?.header.number, 3);
  assert.equal(made.store.readNewest(new Set([3]))?.header.number, 1);
  assert.equal(made.store.readNewest(new Set([1, 3])), undefined);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { PoolSource } from "../../proxy/index.ts";
import { type Pool, type RouteDefinition, type Table, standardRegistry } from "../../route/index.ts";
import { anyOrderOfHosts, anyRoute, answersAsCompiled, routesOf } from "../../route/testing/any-routes.ts";
import { silentLog } from "../../telemetry/index.ts";
import { PublishedTable } from "../control/published-table.ts";
import { encodeDelta } from "../delta.ts";
import { encodeGeneration } from "../encode-generation.ts";
import type { GenerationHeader } from "../generation.ts";
import type { ToWorker } from "../messages.ts";
import { WorkerTable } from "./worker-table.ts";

type Update = Extract<ToWorker, { type: "update" }>;

/** A worker's table, and what its proxy was told to serve. */
function made(): { readonly worker: WorkerTable; readonly told: { table?: Table; pools?: PoolSource; ids: string[] } } {
  const told: { table?: Table; pools?: PoolSource; ids: string[] } = { ids: [] };
  const proxy = {
    update(table: Table, pools: PoolSource) {
      Object.assign(told, { table, pools });
    },
    updateRoutes: (_: Iterable<number>, ids: Iterable<string>) => void told.ids.push(...ids),
    updatePools() {},
    setKnowledge() {},
  };
  return { worker: new WorkerTable("live", { proxy, registry: standardRegistry, log: silentLog, onApplying() {}, onRoutes() {} }), told };
}

interface Encoded {
  readonly header: GenerationHeader;
  readonly text: string;
  readonly routes: readonly RouteDefinition[];
}

function encoded(number: number, routes: readonly RouteDefinition[], pools: readonly Pool[] = []): Encoded {
  return { ...encodeGeneration({ routes, pools }, { number, createdAtMs: 0, source: "test", revisions: {} }), routes };
}

function deltaOf(before: Encoded, next: Encoded): string {
  const table = new PublishedTable();
  table.replace({ routes: before.routes, pools: [] });
  table.takeChange();
  table.replace({ routes: next.routes, pools: [] });
  const { gone, come } = table.takeChange();
  return encodeDelta(before.header.routesDigest, next.header, gone, come);
}

function update(what: Partial<Update>): Update {
  return { type: "update", sequence: 1, deltas: [], pools: [], removedPools: [], knowledge: "live", ...what };
}

/** Routes that no step changes: else most steps would change too many for a delta. */
const STANDING = new Map(Array.from({ length: 12 }, (_, at) => [`s${at}`, `Path("/s${at}") && HostAny("s${at % 5}.org") -> <shunt>`]));

test("any changes one by one come to the table of what they came to; one that is lost, repeated or late is refused and changes nothing", () => {
  const step = fc.record({
    routes: fc.array(fc.tuple(fc.constantFrom("r0", "r1", "r2", "r3"), fc.option(anyRoute, { nil: undefined })), { maxLength: 3 }),
    fate: fc.constantFrom("taken", "taken", "taken", "lost", "repeated", "late"),
    asked: anyOrderOfHosts.chain((hosts) => fc.subarray(hosts)),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), anyOrderOfHosts, (steps, hosts) => {
      const { worker, told } = made();
      const written = new Map(STANDING);
      let before = encoded(1, routesOf(written));
      let has = before.header.routesDigest;
      let older: string | undefined;
      assert.deepEqual(worker.take(update({ generation: before.text })), { number: 1, routes: 12 });
      for (const [at, { routes, fate, asked }] of steps.entries()) {
        for (const [id, text] of routes) {
          if (text === undefined) written.delete(id);
          else written.set(id, text);
        }
        const next = encoded(at + 2, routesOf(written));
        const delta = deltaOf(before, next);
        const isBehind = has !== before.header.routesDigest;
        before = next;
        if (fate === "lost") continue;
        has = next.header.routesDigest;
        const answer = worker.take(update({ deltas: [delta] }));
        assert.deepEqual([answer.wantsWhole ?? false, answer.problem], [isBehind, undefined]);
        if (isBehind) assert.deepEqual(worker.take(update({ generation: next.text })), { number: at + 2, routes: written.size });
        else assert.deepEqual(answer, { number: at + 2, routes: written.size });
        const wrong = fate === "repeated" ? delta : fate === "late" ? older : undefined;
        if (wrong !== undefined && next.header.routesDigest !== JSON.parse(wrong.slice(wrong.indexOf(" "), wrong.indexOf("\n"))).from) {
          assert.deepEqual(worker.take(update({ deltas: [wrong] })), { number: at + 2, routes: written.size, wantsWhole: true });
          answersAsCompiled(told.table as Table, next.routes, hosts, JSON.stringify(steps));
          worker.take(update({ generation: next.text }));
        }
        older = delta;
        answersAsCompiled(told.table as Table, next.routes, asked, JSON.stringify(steps));
      }
      if (has === before.header.routesDigest) answersAsCompiled(told.table as Table, before.routes, hosts, JSON.stringify(steps));
    }),
    { numRuns: 150 },
  );
});

for (const [what, count, path] of [
  ["many routes", 5_001, "/p"],
  ["long routes", 200, `/${"p".repeat(60_000)}`],
] as const) {
  test(`after ${what} have come and gone the whole is asked for, once: what they left behind goes with it`, () => {
    const { worker } = made();
    const before = encoded(1, routesOf(STANDING));
    const come = Array.from({ length: count }, (_, at) => [`r${at}`, `Path("${path}${at}") && HostAny("r${at}.org") -> <shunt>`] as const);
    const more = encoded(2, routesOf(new Map([...STANDING, ...come])));
    const again = encoded(3, routesOf(STANDING));
    worker.take(update({ generation: before.text }));
    assert.deepEqual(worker.take(update({ deltas: [deltaOf(before, more)] })).wantsWhole ?? false, count === 200);
    assert.equal(worker.take(update({ deltas: [deltaOf(more, again)] })).wantsWhole, true);
    assert.deepEqual(worker.take(update({ generation: again.text })), { number: 3, routes: 12 });
    assert.equal(worker.take(update({})).wantsWhole, undefined);
  });
}

test("a delta that was altered on the way, or that leads elsewhere than it says, is refused", () => {
  const before = encoded(1, routesOf(STANDING));
  const next = encoded(2, routesOf(new Map([...STANDING, ["new", `Host("^a[.]org$") -> <shunt>`]])));
  const delta = deltaOf(before, next);
  for (const wrong of [
    delta.replace("a.org", "b.org"),
    delta.slice(0, -1),
    delta.replace('"come":1', '"come":2'),
    delta.replace('"routes":13', '"routes":14'),
    delta.replace("holdfast-delta/2", "holdfast-delta/0"),
    "",
  ]) {
    const { worker, told } = made();
    worker.take(update({ generation: before.text }));
    assert.deepEqual(worker.take(update({ deltas: [wrong] })), { number: 1, routes: 12, wantsWhole: true }, wrong);
    answersAsCompiled(told.table as Table, before.routes, ["a.org", "b.org"], wrong);
    assert.equal(worker.take(update({})).wantsWhole, true, "until it has the whole");
    assert.deepEqual(worker.take(update({ generation: next.text })), { number: 2, routes: 13 });
  }
  const { worker } = made();
  assert.deepEqual(worker.take(update({ deltas: [delta] })), { number: 0, routes: 0, wantsWhole: true });
});

test("the proxy hears which routes came and went, and finds pools that came with them", () => {
  const { worker, told } = made();
  const before = encoded(1, routesOf(STANDING), [{ id: "p", endpoints: [] }]);
  const next = encoded(2, routesOf(new Map([...STANDING, ["s0", "* -> <shunt>"], ["new", "* -> <shunt>"]])));
  worker.take(update({ generation: before.text }));
  const pool: Pool = { id: "q", endpoints: [{ address: "http://10.0.0.1:80", tier: "fresh" }] };
  const delta = deltaOf(before, next);
  assert.deepEqual(worker.take(update({ deltas: [delta], pools: [pool], removedPools: ["p"] })), { number: 2, routes: 13 });
  assert.deepEqual(told.ids.toSorted(), ["new", "s0"]);
  assert.deepEqual([told.pools?.get("p"), told.pools?.get("q")], [undefined, pool]);
});

test("a whole generation and the deltas after it come to the table of what they came to, one that was altered is refused", () => {
  const step = fc.array(fc.tuple(fc.constantFrom("s0", "s1", "r0", "r1", "r2"), fc.option(anyRoute, { nil: undefined })), { maxLength: 3 });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), anyOrderOfHosts, (steps, hosts) => {
      const { worker, told } = made();
      const written = new Map(STANDING);
      const first = encoded(1, routesOf(written), [{ id: "p", endpoints: [] }]);
      let before = first;
      const deltas = steps.map((routes, at) => {
        for (const [id, text] of routes) {
          if (text === undefined) written.delete(id);
          else written.set(id, text);
        }
        const next = encoded(at + 2, routesOf(written));
        const delta = deltaOf(before, next);
        before = next;
        return delta;
      });
      assert.deepEqual(worker.take(update({ generation: first.text, deltas })), { number: steps.length + 1, routes: written.size });
      answersAsCompiled(told.table as Table, before.routes, hosts, JSON.stringify(steps));
      assert.deepEqual(told.pools?.get("p"), { id: "p", endpoints: [] });
      const altered = deltas.map((delta) => delta.replace('"routesDigest":"', '"routesDigest":"0'));
      const { problem } = made().worker.take(update({ generation: first.text, deltas: altered }));
      assert.match(problem ?? "", /other routes than they say/);
    }),
    { numRuns: 60 },
  );
});

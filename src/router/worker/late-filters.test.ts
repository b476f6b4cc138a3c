import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { routeRegistry } from "../../auth/index.ts";
import { standardRegistry } from "../../route/index.ts";
import { silentLog } from "../../telemetry/index.ts";
import { LateFilters } from "./late-filters.ts";

/** Lines of routes as a generation has them. */
const PLAIN = `a\ta.example\t[[["Host","^a$"],["Path","/webhook"]],[["setPath","/oauth"],["status",200]],{"type":"shunt"}]\n`;
const LATE = `b\tb.example\t[[["Host","^b$"]],[["setPath","/"],["webhook","http://a"]],{"type":"shunt"}]\n`;

const ASKING = LATE.replace('"webhook"', '"jwtValidation"');

interface Looking {
  readonly late: LateFilters;
  /** What was read so far. */
  readonly read: string[];
}

function looking(): Looking {
  const read: string[] = [];
  const part = (name: string) => (): void => void read.push(name);
  const code = [
    { names: ["basicAuth", "webhook", "jwt"], parts: [part("one"), part("two")] },
    { names: ["jwt"], parts: [part("three")] },
  ];
  return { late: new LateFilters(code, silentLog), read };
}

/** Goes through more turns of the loop than there are pieces and parts. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 40; turn++) await new Promise(setImmediate);
}

test("the names of filters that are read late are known without reading them", () => {
  const registry = routeRegistry();
  const [all, asking] = registry.lateCode;
  const begins = (name: string, names: readonly string[] = []): boolean => names.some((beginning) => name.startsWith(beginning));
  deepEqual(
    [...registry.filters.keys()].filter((name) => begins(name, all?.names) === standardRegistry.filters.has(name)),
    [],
  );
  equal(
    asking?.names.every((name) => all?.names.includes(name)),
    true,
  );
});

test("late code is read once when a route that needs it is seen, wherever it stands, and not before it is time", async () => {
  for (let before = 262_144 - LATE.length; before < 262_144 + 60; before += 20) {
    const { late, read } = looking();
    late.see(PLAIN);
    const filler = PLAIN.repeat(Math.ceil(before / PLAIN.length)).slice(0, before);
    late.see(filler + LATE + PLAIN.repeat(10_000));
    await turns();
    deepEqual(read, []);
    late.start();
    late.see(LATE);
    await turns();
    deepEqual(read, ["one", "two"]);
    late.see(ASKING);
    late.see(ASKING);
    await turns();
    deepEqual(read, ["one", "two", "three"]);
  }
});

test("where no route needs it nothing is read", async () => {
  const { late, read } = looking();
  late.start();
  late.see(PLAIN.repeat(10_000));
  await turns();
  deepEqual(read, []);
});

test("code that can not be read is told, and left to the request that needs it", async () => {
  const told: string[] = [];
  const fail = (): never => {
    throw new Error("no such file");
  };
  const late = new LateFilters([{ names: ["webhook"], parts: [fail] }], { ...silentLog, error: (_, message) => void told.push(message) });
  late.start();
  late.see(LATE);
  await turns();
  deepEqual(told, ["filters can not be read"]);
});

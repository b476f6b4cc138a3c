import { systemRandom } from "../src/kernel/index.ts";
import { IncrementalConversion, type ObjectChange, defaultConvertOptions } from "../src/ingress/index.ts";
import { type MatchInput, type Table, compileTable, openTable, standardRegistry } from "../src/route/index.ts";
import { encodeGeneration } from "../src/router/encode-generation.ts";
import { openGeneration } from "../src/router/generation.ts";
import { PATHS, hostOf, ingressOf, serviceOf, sliceOf } from "./cluster-objects.ts";
import { median } from "./measure.ts";

/**
 * One size of table in a process of its own, started with --expose-gc: `node --expose-gc table-size.ts HOSTS`. Prints a `TableSize` as JSON.
 * Routes are made as the router makes them: Ingress objects, converted, encoded as a generation, opened as a worker opens it.
 */
export interface TableSize {
  readonly hosts: number;
  readonly routes: number;
  /** What the control process does for each generation, whole. */
  readonly convertMs: number;
  /** The same with one Ingress changed, where the rest is remembered. */
  readonly convertOneMs: number;
  readonly compileMs: number;
  readonly encodeMs: number;
  /** What a worker does for each generation, in one go. */
  readonly openMs: number;
  readonly textBytesPerRoute: number;
  /** Heap and external memory after a full collection. */
  readonly coldBytesPerRoute: number;
  readonly openedBytesPerRoute: number;
  readonly compiledBytesPerRoute: number;
  /** Random hosts and paths, each host a new string that no map has seen. */
  readonly lookupNs: number;
  /** The first request for a host, which builds its routes. */
  readonly firstLookupUs: { readonly median: number; readonly max: number };
}

const BATCH = 2_000;
const BATCHES = 60;
/** Ingresses changed, one after the other. */
const CHANGES = 100;

async function main(hosts: number): Promise<TableSize> {
  const made = makeText(hosts);
  const { text, routes } = made;
  const empty = await usedBytes();
  const openedAtMs = performance.now();
  let generation: ReturnType<typeof openGeneration> | undefined = openGeneration(text.toString("utf8"));
  const openMs = performance.now() - openedAtMs;
  let table: Table | undefined = openTable(generation, standardRegistry);
  const cold = (await usedBytes()) - empty;
  const firsts = openAll(table, hosts);
  const opened = (await usedBytes()) - empty;
  const lookupNs = lookup(table, hosts);
  const definitions = Array.from({ length: routes }, (_, at) => generation?.read(at)).filter((route) => route !== undefined);
  generation = undefined;
  table = undefined;
  const before = await usedBytes();
  let compiled: Table | undefined = compileTable({ routes: definitions }, standardRegistry).table;
  // The definitions are part of a compiled table: what they take was counted before it.
  const compiledBytes = (await usedBytes()) - before + (before - empty);
  if (compiled.size !== routes) throw new Error(`${compiled.size} routes of ${routes} were compiled`);
  compiled = undefined;
  return {
    hosts,
    routes,
    convertMs: made.convertMs,
    convertOneMs: made.convertOneMs,
    compileMs: made.compileMs,
    encodeMs: made.encodeMs,
    openMs,
    textBytesPerRoute: text.length / routes,
    coldBytesPerRoute: cold / routes,
    openedBytesPerRoute: opened / routes,
    compiledBytesPerRoute: compiledBytes / routes,
    lookupNs,
    firstLookupUs: { median: median(firsts), max: Math.max(...firsts) },
  };
}

/** In a function of its own: nothing of what it used may be alive when memory is measured. */
function makeText(hosts: number): {
  readonly text: Buffer;
  readonly routes: number;
  readonly convertMs: number;
  readonly convertOneMs: number;
  readonly compileMs: number;
  readonly encodeMs: number;
} {
  const all = Array.from({ length: hosts }, (_, at) => at);
  const changesOf = (kind: ObjectChange["kind"], of: (at: number) => ReturnType<typeof ingressOf>): readonly ObjectChange[] =>
    all.map((at) => of(at)).map((object) => ({ kind, key: `${object.metadata.namespace}/${object.metadata.name}`, object }));
  const objects = [
    ...changesOf("Ingress", (at) => ingressOf(at, 0, 1)),
    ...changesOf("Service", (at) => serviceOf(at, 1)),
    ...changesOf("EndpointSlice", (at) => sliceOf(at, ["10.1.2.3", "10.1.2.4"], 8080, 1)),
  ];
  const startedAtMs = performance.now();
  const conversion = new IncrementalConversion(defaultConvertOptions, standardRegistry);
  conversion.apply(objects);
  const { routeSet } = conversion.converted;
  const convertedAtMs = performance.now();
  compileTable(routeSet, standardRegistry);
  const compiledAtMs = performance.now();
  const { header, text } = encodeGeneration(routeSet, { number: 1, createdAtMs: 0, source: "bench", revisions: {} });
  const encodedAtMs = performance.now();
  const took = Array.from({ length: CHANGES }, (_, turn) => {
    const object = ingressOf(turn % hosts, 1 + turn, 2 + turn);
    const changedAtMs = performance.now();
    conversion.apply([{ kind: "Ingress", key: `${object.metadata.namespace}/${object.metadata.name}`, object }]);
    return performance.now() - changedAtMs;
  });
  const convertOneMs = median(took);
  return {
    text: Buffer.from(text, "utf8"),
    routes: header.routes,
    convertMs: convertedAtMs - startedAtMs,
    convertOneMs,
    compileMs: compiledAtMs - convertedAtMs,
    encodeMs: encodedAtMs - compiledAtMs,
  };
}

class Lookup implements MatchInput {
  readonly method = "GET";
  matchPath = "/";
  host = "";
  readonly port = "";
  readonly query = "";
  readonly clientAddress = "127.0.0.1";
  readonly forwardedFor = undefined;
  readonly requestHeaders: readonly string[] = [];
  readonly random = systemRandom;
  readonly nowMs = 0;
  readonly isDraining = false;
  readonly teeLabel = "";
}

function openAll(table: Table, hosts: number): readonly number[] {
  const input = new Lookup();
  const firsts: number[] = [];
  for (let at = 0; at < hosts; at++) {
    input.host = hostOf(at);
    const startedAtMs = performance.now();
    const route = table.match(input);
    firsts.push((performance.now() - startedAtMs) * 1_000);
    if (route === undefined) throw new Error(`no route for ${input.host}`);
  }
  return firsts;
}

function lookup(table: Table, hosts: number): number {
  const input = new Lookup();
  const costs: number[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    // As from the wire: new strings without a hash yet.
    const names = Array.from({ length: BATCH }, () => Buffer.from(hostOf(Math.floor(Math.random() * hosts))).toString("latin1"));
    const paths = Array.from({ length: BATCH }, (_, at) => Buffer.from(`${PATHS[at % PATHS.length] ?? "/"}/more/${at}`).toString("latin1"));
    let found = 0;
    const startedAtMs = performance.now();
    for (let at = 0; at < BATCH; at++) {
      input.host = names[at] ?? "";
      input.matchPath = paths[at] ?? "/";
      if (table.match(input) !== undefined) found++;
    }
    costs.push(((performance.now() - startedAtMs) * 1e6) / BATCH);
    if (found !== BATCH) throw new Error(`${BATCH - found} lookups of ${BATCH} found no route`);
  }
  return median(costs);
}

async function usedBytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    // What is external is let go of by a task of its own.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

// Imported for its type by the bench that starts it.
if (import.meta.main) process.stdout.write(`${JSON.stringify(await main(Number(process.argv[2] ?? "100")))}\n`);

import { isRecord } from "../kernel/index.ts";
import type { Pool, RouteDefinition, RouteSet, RouteSource, VisitName } from "../route/index.ts";
import { corrupt, idOf, keyOf, parseJson, readPool, readRouteLine } from "./generation-words.ts";

/** What is known of a generation without reading its routes; the first line of its text. */
export interface GenerationHeader {
  /** Grows by at least one with every generation, also over restarts. */
  readonly number: number;
  readonly createdAtMs: number;
  /** Where the routes came from, for example `kubernetes` or `file:/etc/holdfast/routes.eskip`. A snapshot of another source is not used. */
  readonly source: string;
  /** The revision of each kind when the generation was made. */
  readonly revisions: Readonly<Record<string, string>>;
  readonly routes: number;
  readonly pools: number;
  /** `LineDigest` of the routes' lines, hexadecimal: two generations with the same one differ in their pools at most. */
  readonly routesDigest: string;
}

/** One numbered table with its pools, whole: for those who print it. */
export interface Generation extends RouteSet {
  readonly header: GenerationHeader;
}

/**
 * The same, read as far as it is asked for: what is kept on disk and what travels to the workers. It is a {@link RouteSource}, so a
 * worker serves from it before most of it is read.
 */
export interface OpenGeneration extends RouteSource {
  readonly header: GenerationHeader;
  readonly text: string;
  /** Whether the route at this position has this id. */
  isAt(position: number, id: string): boolean;
  /** The route at this position as it is written, without its end. */
  lineAt(position: number): string;
  /** The pool with this id. Throws AppError `ROUTER_SNAPSHOT_CORRUPT` when it is malformed. */
  pool(id: string): Pool | undefined;
}

/** First word of a generation's text. */
export const GENERATION_MAGIC = "holdfast-generation/4";
/** Stands in place of host names for a route that is not found by any. */
export const ANYWHERE = "*";
const LIMIT_HEADER_BYTES = 64 * 1024;

/**
 * Opens what `encodeGeneration` wrote: counts, and learns which host has which routes; no route or pool is parsed.
 * Throws AppError `ROUTER_SNAPSHOT_CORRUPT` when it is not a generation of this version or another one than its header says; the message says which.
 */
export function openGeneration(text: string): OpenGeneration {
  return new GenerationText(decodeGenerationHeader(text), text);
}

/** All of a generation. Throws as {@link openGeneration}, and when a route or pool in it is malformed. */
export function decodeGeneration(text: string): Generation {
  const open = openGeneration(text);
  const routes = Array.from({ length: open.size }, (_, at) => open.read(at));
  return { header: open.header, routes, pools: [...(open as GenerationText).allPools()] };
}

/** Lines `id TAB hosts TAB json` of routes, then lines `id TAB json` of pools. */
class GenerationText implements OpenGeneration {
  readonly header: GenerationHeader;
  readonly text: string;
  readonly size: number;
  readonly anywhere: number[] = [];
  /** Where each route's line begins. */
  readonly #lines: Uint32Array;
  #ids: Map<string, number> | undefined = undefined;
  /** Where the JSON of each pool begins, by its id as it is written. */
  readonly #pools = new Map<string, number>();

  constructor(header: GenerationHeader, text: string) {
    this.header = header;
    this.text = text;
    this.size = header.routes;
    this.#lines = new Uint32Array(header.routes);
    let at = text.indexOf("\n") + 1;
    for (let position = 0; position < header.routes; position++) {
      this.#lines[position] = at;
      const end = text.indexOf("\n", at);
      const hosts = text.indexOf("\t", at) + 1;
      const json = text.indexOf("\t", hosts);
      if (end < 0 || hosts === 0 || json < 0 || json > end) throw corrupt("its body has another number of routes than its header says");
      if (json === hosts + ANYWHERE.length && text.startsWith(ANYWHERE, hosts)) this.anywhere.push(position);
      at = end + 1;
    }
    // Here and not at the first request, which would wait for it.
    for (let pool = 0; pool < header.pools; pool++) {
      const end = text.indexOf("\n", at);
      const json = text.indexOf("\t", at);
      if (end < 0 || json < 0 || json > end) throw corrupt("its body has another number of pools than its header says");
      this.#pools.set(text.slice(at, json), json + 1);
      at = end + 1;
    }
    if (at !== text.length) throw corrupt("its body has more routes or pools than its header says");
  }

  tellNames(visit: VisitName): void {
    const { text } = this;
    for (let position = 0, anywhere = 0; position < this.size; position++) {
      if (this.anywhere[anywhere] === position) {
        anywhere++;
        continue;
      }
      let start = text.indexOf("\t", this.#lines[position]) + 1;
      const end = text.indexOf("\t", start);
      const words = text.slice(start, end);
      for (let blank = words.indexOf(" "), from = 0; blank >= 0; blank = words.indexOf(" ", from)) {
        visit(position, text, start, start + blank - from);
        start += blank + 1 - from;
        from = blank + 1;
      }
      visit(position, text, start, end);
    }
  }

  find(id: string): number | undefined {
    if (this.#ids === undefined) {
      this.#ids = new Map();
      for (let position = this.size - 1; position >= 0; position--) this.#ids.set(this.#word(this.#lines[position] ?? 0), position);
    }
    return this.#ids.get(keyOf(id));
  }

  read(position: number): RouteDefinition {
    return readRouteLine(this.lineAt(position));
  }

  lineAt(position: number): string {
    const start = this.#lines[position] ?? this.text.length;
    return this.text.slice(start, this.text.indexOf("\n", start));
  }

  isAt(position: number, id: string): boolean {
    return this.text.startsWith(`${keyOf(id)}\t`, this.#lines[position] ?? this.text.length);
  }

  pool(id: string): Pool | undefined {
    const at = this.#pools.get(keyOf(id));
    return at === undefined ? undefined : this.#poolAt(id, at);
  }

  *allPools(): Iterable<Pool> {
    for (const [key, at] of this.#pools) yield this.#poolAt(idOf(key), at);
  }

  #poolAt(id: unknown, start: number): Pool {
    return readPool(id, this.#json(start));
  }

  #word(start: number): string {
    return this.text.slice(start, this.text.indexOf("\t", start));
  }

  #json(start: number): unknown {
    return parseJson(this.text.slice(start, this.text.indexOf("\n", start)));
  }
}

/** The first line alone, checked for form; what it says of the body is not. */
export function decodeGenerationHeader(text: string): GenerationHeader {
  const head = text.slice(0, LIMIT_HEADER_BYTES);
  const end = head.indexOf("\n");
  if (end < 0 || !head.startsWith(`${GENERATION_MAGIC} `)) throw corrupt(`its first line is not that of ${GENERATION_MAGIC}`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(head.slice(GENERATION_MAGIC.length + 1, end));
  } catch (error) {
    throw corrupt("its header is not JSON", error);
  }
  if (!isHeader(parsed)) throw corrupt("its header lacks a field or has one of a wrong type");
  return parsed;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Whether it has the form of a header. */
export function isHeader(value: unknown): value is GenerationHeader {
  return (
    isRecord(value) &&
    isCount(value["number"]) &&
    value["number"] > 0 &&
    isCount(value["createdAtMs"]) &&
    isCount(value["routes"]) &&
    isCount(value["pools"]) &&
    typeof value["source"] === "string" &&
    typeof value["routesDigest"] === "string" &&
    isRecord(value["revisions"]) &&
    Object.values(value["revisions"]).every((revision) => typeof revision === "string")
  );
}

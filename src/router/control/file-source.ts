import { watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";

import { AppError, type Problem, type Timer, formatProblem, messageOf } from "../../kernel/index.ts";
import { type Registry, type RouteDefinition, compileTable, parseEskip } from "../../route/index.ts";
import type { HeldRemoval } from "../../admin/index.ts";
import type { ControlSource, SourceDeps } from "./source.ts";

/** What a reading of the file came to. */
type Reading =
  | { readonly type: "routes"; readonly text: string; readonly routes: readonly RouteDefinition[] }
  | { readonly type: "problem"; readonly message: string };

const POLL_MS = 1_000;
const SETTLE_MS = 50;
/** How long a text with fewer routes must stand before it counts: an editor that truncates and writes shows half a file in between. */
const CONFIRM_MS = 1_000;
const EMPTY_ID = "file-empty";

/**
 * Serves the routes of one eskip file and follows its edits. An edit that cannot be read keeps the last good routes, and so does a file
 * that is gone: neither is an empty answer. Fewer routes count when the file says the same a second later. No routes at all
 * are held for a person's word (rule 3). Rejects with AppError `ROUTER_ROUTES_FILE` when the first reading is no good.
 */
export async function openFileSource(file: string, deps: SourceDeps): Promise<ControlSource> {
  const first = await read(file, deps.registry);
  if (first.type === "problem") throw new AppError("ROUTER_ROUTES_FILE", first.message);
  const source = new FileSource(file, deps);
  source.accept(first.text, first.routes);
  source.follow();
  return source;
}

async function read(file: string, registry: Registry): Promise<Reading> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    return { type: "problem", message: `${file}: cannot be read (${messageOf(error)}); check the path given with --routes` };
  }
  const parsed = parseEskip(text, file);
  const problems: Problem[] = [...parsed.problems];
  if (problems.length === 0) {
    for (const { routeId, call, message } of compileTable(parsed, registry).problems) {
      const route = parsed.routes.find(({ id }) => id === routeId);
      const place =
        (call === undefined ? undefined : parsed.places.get(call)) ?? (route === undefined ? undefined : parsed.places.get(route));
      problems.push({ file, line: place?.line ?? 0, column: place?.column ?? 0, message: `route ${routeId}: ${message}` });
    }
  }
  const [worst] = problems;
  if (worst === undefined) return { type: "routes", text, routes: parsed.routes };
  const more = problems.length === 1 ? "" : ` (and ${problems.length - 1} more: holdfast routes check ${file})`;
  return { type: "problem", message: `${formatProblem(worst)}${more}` };
}

class FileSource implements ControlSource {
  readonly #file: string;
  readonly #deps: SourceDeps;
  #text = "";
  #routes: readonly RouteDefinition[] = [];
  #problem: string | undefined;
  #goodAtMs = 0;
  /** A text that takes routes away, and since when it stands. */
  #smaller: { readonly text: string; readonly sinceMs: number } | undefined;
  #emptySinceMs: number | undefined;
  #isReading = false;
  #next: Timer | undefined;

  constructor(file: string, deps: SourceDeps) {
    this.#file = file;
    this.#deps = deps;
  }

  /** Looks again after every change in the file's folder (editors and ConfigMaps replace files) and, where that is not told, every second. */
  follow(): void {
    try {
      const watcher = watch(dirname(this.#file), { persistent: false }, () => this.#lookIn(SETTLE_MS));
      watcher.on("error", (error) =>
        this.#deps.log.warn({ reason: messageOf(error) }, "file changes are not told, the file is read every second"),
      );
    } catch (error) {
      this.#deps.log.warn({ reason: messageOf(error) }, "file changes are not told, the file is read every second");
    }
    this.#lookIn(POLL_MS);
  }

  accept(text: string, routes: readonly RouteDefinition[]): void {
    this.#text = text;
    this.#routes = routes;
    this.#goodAtMs = this.#deps.clock.monoMs();
    this.#smaller = undefined;
    this.#emptySinceMs = undefined;
    if (routes.length === 0) this.#deps.log.warn({ file: this.#file }, "the file has no routes, every request is answered 404");
    this.#deps.publisher.publishAll({ routes, pools: [] }, {});
    this.#deps.onStatus();
  }

  status(): ReturnType<ControlSource["status"]> {
    const ageMs = this.#deps.clock.monoMs() - this.#goodAtMs;
    const problem = this.#problem === undefined ? {} : { problem: this.#problem };
    return {
      knowledge: ageMs > this.#deps.config.staleAfterMs ? "stale" : "live",
      sources: { file: { state: this.#problem === undefined ? "watching" : "failing", ageMs, objects: this.#routes.length, ...problem } },
      held: this.#held(),
      problems: this.#problem === undefined ? [] : [{ object: this.#file, message: this.#problem, lastGoodServes: true }],
    };
  }

  decide({ verb, id }: Parameters<ControlSource["decide"]>[0]): Promise<string | undefined> {
    if (id !== EMPTY_ID || this.#emptySinceMs === undefined) return Promise.resolve(`nothing is held under ${JSON.stringify(id)}`);
    if (verb === "reject") return Promise.resolve("the file still has no routes; put them back into it");
    this.accept("", []);
    return Promise.resolve(undefined);
  }

  apiAnswers(): Promise<boolean> {
    return Promise.resolve(false);
  }

  #lookIn(delayMs: number): void {
    this.#next?.cancel();
    this.#next = this.#deps.clock.timer(delayMs, () => void this.#look());
  }

  async #look(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    const reading = await read(this.#file, this.#deps.registry);
    this.#isReading = false;
    this.#take(reading);
    this.#lookIn(this.#smaller === undefined ? POLL_MS : CONFIRM_MS / 4);
  }

  #take(reading: Reading): void {
    const { clock, log } = this.#deps;
    if (reading.type === "problem") {
      if (reading.message !== this.#problem) log.error({ problem: reading.message }, "routes file is not good, the last good routes serve");
      this.#problem = reading.message;
      this.#smaller = undefined;
      this.#deps.onStatus();
      return;
    }
    if (this.#problem !== undefined) log.info({ file: this.#file }, "routes file is good again");
    this.#problem = undefined;
    this.#goodAtMs = clock.monoMs();
    if (reading.text === this.#text) {
      this.#smaller = undefined;
      this.#emptySinceMs = undefined;
    } else if (reading.routes.length === 0 && this.#routes.length > 0) {
      if (this.#emptySinceMs === undefined)
        log.warn({ file: this.#file, routes: this.#routes.length }, "the file has no routes any more: held, see holdfast hold status");
      this.#emptySinceMs ??= clock.wallMs();
    } else {
      this.#takeRoutes(reading.text, reading.routes);
    }
    this.#deps.onStatus();
  }

  #takeRoutes(text: string, routes: readonly RouteDefinition[]): void {
    this.#emptySinceMs = undefined;
    const ids = new Set(routes.map(({ id }) => id));
    const isSmaller = this.#routes.some(({ id }) => !ids.has(id));
    if (isSmaller && this.#smaller?.text !== text) {
      this.#smaller = { text, sinceMs: this.#deps.clock.monoMs() };
      return;
    }
    if (isSmaller && this.#smaller !== undefined && this.#deps.clock.monoMs() - this.#smaller.sinceMs < CONFIRM_MS) return;
    this.accept(text, routes);
    this.#deps.log.info({ file: basename(this.#file), routes: routes.length }, "routes file read");
  }

  #held(): readonly HeldRemoval[] {
    if (this.#emptySinceMs === undefined) return [];
    return [
      {
        id: EMPTY_ID,
        kind: "file",
        keys: this.#routes.slice(0, 100).map(({ id }) => id),
        sinceMs: this.#emptySinceMs,
        reason: `${this.#file} has no routes any more; all ${this.#routes.length} stay until a person says otherwise`,
        evidence: [{ atMs: this.#emptySinceMs, said: "read whole: no routes" }],
        releasedBy: `holdfast hold approve ${EMPTY_ID}, or routes in the file`,
      },
    ];
  }
}

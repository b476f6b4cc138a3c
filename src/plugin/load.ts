import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { AppError, type Clock, isRecord, messageOf } from "../kernel/index.ts";
import { type FilterSpec, PLACING_PREDICATES, type PredicateSpec, type Registry, extendRegistry } from "../route/index.ts";
import { type Creating, type OnPredicateFailure, filterSpec, predicateSpec } from "./specs.ts";

/** What plugins add, and which of them could not be loaded. */
export interface LoadedPlugins {
  readonly filters: readonly FilterSpec[];
  readonly predicates: readonly PredicateSpec[];
  /** PLUGIN_…; each plugin that is named here adds nothing. */
  readonly problems: readonly AppError[];
}

/** For its code, and what that waits for at its top. */
const LOAD_MS = 10_000;
const NAME = /^[A-Za-z][A-Za-z0-9_]{0,99}$/;

/** Loads plugins, in their order; none may take a name that `base` or one before it has. Never rejects. */
export async function loadPlugins(
  files: readonly string[],
  base: Registry,
  clock: Clock,
  onPredicateFailure: OnPredicateFailure = () => {},
): Promise<LoadedPlugins> {
  const loaded = { filters: [] as FilterSpec[], predicates: [] as PredicateSpec[], problems: [] as AppError[] };
  for (const file of files) {
    try {
      const known = extendRegistry(base, loaded);
      const { filters, predicates } = readPlugin(file, await importPlugin(file, clock), known, onPredicateFailure);
      loaded.filters.push(...filters);
      loaded.predicates.push(...predicates);
    } catch (error) {
      loaded.problems.push(error instanceof AppError ? error : problem("PLUGIN_LOAD", file, messageOf(error)));
    }
  }
  return loaded;
}

async function importPlugin(file: string, clock: Clock): Promise<unknown> {
  if (!existsSync(file)) throw problem("PLUGIN_LOAD", file, "there is no such file");
  const late = Promise.withResolvers<never>();
  const timer = clock.timer(LOAD_MS, () => late.reject(problem("PLUGIN_LOAD", file, `it was not loaded within ${LOAD_MS / 1_000} s`)));
  try {
    const module: unknown = await Promise.race([import(pathToFileURL(file).href), late.promise]);
    return isRecord(module) ? module["plugin"] : undefined;
  } catch (error) {
    throw error instanceof AppError ? error : problem("PLUGIN_LOAD", file, `it cannot be loaded: ${oneLine(error)}`);
  } finally {
    timer.cancel();
  }
}

function readPlugin(
  file: string,
  plugin: unknown,
  known: Registry,
  onPredicateFailure: OnPredicateFailure,
): { readonly filters: readonly FilterSpec[]; readonly predicates: readonly PredicateSpec[] } {
  if (!isRecord(plugin)) throw problem("PLUGIN_SHAPE", file, "it must export a constant plugin (export const plugin: Plugin = …)");
  const { interfaceVersion, filters = [], predicates = [] } = plugin;
  if (interfaceVersion !== 1)
    throw problem("PLUGIN_VERSION", file, `it is for version ${String(interfaceVersion)} of the interface; this router has version 1`);
  const filterNames = new Set(known.filters.keys());
  const predicateNames = new Set<string>([...PLACING_PREDICATES, ...known.predicates.keys()]);
  return {
    filters: readList(file, "filter", filters, filterNames).map((filter) => filterSpec(file, filter)),
    predicates: readList(file, "predicate", predicates, predicateNames).map((predicate) =>
      predicateSpec(file, predicate, onPredicateFailure),
    ),
  };
}

/** `taken` gets the names. */
function readList(file: string, what: "filter" | "predicate", list: unknown, taken: Set<string>): readonly Creating[] {
  if (!Array.isArray(list)) throw problem("PLUGIN_SHAPE", file, `${what}s must be a list`);
  return list.map((item: unknown) => {
    if (!isRecord(item) || typeof item["name"] !== "string" || typeof item["create"] !== "function")
      throw problem("PLUGIN_SHAPE", file, `each ${what} must have a name, a text, and a function create`);
    const { name } = item;
    if (!NAME.test(name))
      throw problem("PLUGIN_NAME", file, `${JSON.stringify(name)} can be no name: write a letter, then letters, digits and _`);
    if (taken.has(name)) throw problem("PLUGIN_NAME", file, `there is a ${what} ${name} already; choose another name`);
    taken.add(name);
    return item as unknown as Creating;
  });
}

function problem(code: string, file: string, message: string): AppError {
  return new AppError(code, `--plugin ${file}: ${message}`);
}

/** What is wrong, and in which line of a file where V8 says so. */
function oneLine(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const [, line] = /^\S+?:(\d+)\n/.exec(stack) ?? [];
  const message = messageOf(error).replace(/\s+/g, " ").trim();
  return line === undefined ? message : `${message} (line ${line})`;
}

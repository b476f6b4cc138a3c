import { AppError, isRecord } from "../kernel/index.ts";
import { ANYWHERE, type GenerationHeader, isHeader } from "./generation.ts";
import { idOf, parseJson } from "./generation-words.ts";

/** A line of a generation's text without its end: `id TAB hosts TAB json`. */
export interface RouteLine {
  readonly id: string;
  /** By which the route is found; undefined: by none. */
  readonly names: readonly string[] | undefined;
  readonly line: string;
}

/** What makes one generation of another. */
export interface Delta {
  /** `routesDigest` of the generation it begins with. */
  readonly from: string;
  /** Of the generation that it makes; its `routesDigest` is the check that nothing of the delta was altered. */
  readonly header: GenerationHeader;
  /** Routes that are not in it any more, and those that changed, as they were. */
  readonly gone: readonly Omit<RouteLine, "line">[];
  /** Routes that are new, and those that changed. */
  readonly come: readonly RouteLine[];
}

const DELTA_MAGIC = "holdfast-delta/2";

/**
 * The text of a delta: `holdfast-delta/2 {from, header, gone, come}`, then a line `id TAB hosts` for each route that goes and the line
 * of each route that comes, as in the generation. `gone` and `come` are lines of routes, without their ends.
 */
export function encodeDelta(from: string, header: GenerationHeader, gone: readonly string[], come: readonly string[]): string {
  const head = `${DELTA_MAGIC} ${JSON.stringify({ from, header, gone: gone.length, come: come.length })}`;
  return [head, ...gone.map((line) => line.slice(0, line.lastIndexOf("\t"))), ...come, ""].join("\n");
}

/** Throws AppError `ROUTER_DELTA` when it is torn or something else. */
export function decodeDelta(text: string): Delta {
  const end = text.indexOf("\n");
  const head: unknown = text.startsWith(`${DELTA_MAGIC} `) ? parseJson(text.slice(DELTA_MAGIC.length + 1, end)) : undefined;
  const body = text.slice(end + 1);
  if (!isRecord(head) || !isHeader(head["header"]) || typeof head["from"] !== "string")
    throw misfit("its first line is not that of a delta");
  const lines = body === "" ? [] : body.slice(0, -1).split("\n");
  const gone = Number(head["gone"]);
  if (!text.endsWith("\n") || lines.length !== gone + Number(head["come"])) throw misfit("it has another number of lines than it says");
  return {
    from: head["from"],
    header: head["header"],
    gone: lines.slice(0, gone).map(readLine),
    come: lines.slice(gone).map(readLine),
  };
}

/** Why a delta cannot be used. */
export function misfit(what: string): AppError {
  return new AppError("ROUTER_DELTA", what);
}

function readLine(line: string): RouteLine {
  const [key = "", hosts] = line.split("\t", 2);
  const id = idOf(key);
  if (typeof id !== "string" || hosts === undefined || hosts === "") throw misfit("a line of it is malformed");
  return { id, names: hosts === ANYWHERE ? undefined : hosts.split(" "), line };
}

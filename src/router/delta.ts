import { AppError, isRecord } from "../kernel/index.ts";
import { ANYWHERE, type GenerationHeader, isHeader, sha256Of } from "./generation.ts";
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
  /** `sha256` of the generation it begins with. */
  readonly from: string;
  /** Of the generation that it makes. */
  readonly header: GenerationHeader;
  /** Routes that are not in it any more, and those that changed, as they were. */
  readonly gone: readonly Omit<RouteLine, "line">[];
  /** Routes that are new, and those that changed. */
  readonly come: readonly RouteLine[];
}

/** A generation as {@link encodeDelta} needs it. */
export interface HeadedLines {
  readonly header: GenerationHeader;
  /** Of its routes by id, ends included. */
  readonly lines: ReadonlyMap<string, string>;
}

const DELTA_MAGIC = "holdfast-delta/1";

/**
 * The text of a delta: `holdfast-delta/1 {from, header, gone, come, sha256}`, then a line `id TAB hosts` for each route that goes and the line
 * of each route that comes, as in the generation. Undefined when it
 * would be no shorter than the generation.
 */
export function encodeDelta(from: HeadedLines, to: HeadedLines): string | undefined {
  const gone: string[] = [];
  const come: string[] = [];
  for (const [id, line] of to.lines) if (from.lines.get(id) !== line) come.push(line);
  for (const [id, line] of from.lines) if (to.lines.get(id) !== line) gone.push(`${line.slice(0, line.lastIndexOf("\t"))}\n`);
  if (come.length * 2 > to.lines.size || gone.length > from.lines.size / 2) return undefined;
  const body = [...gone, ...come].join("");
  const head = { from: from.header.sha256, header: to.header, gone: gone.length, come: come.length, sha256: sha256Of(body) };
  return `${DELTA_MAGIC} ${JSON.stringify(head)}\n${body}`;
}

/** Throws AppError `ROUTER_DELTA` when it is torn, altered or something else. */
export function decodeDelta(text: string): Delta {
  const end = text.indexOf("\n");
  const head: unknown = text.startsWith(`${DELTA_MAGIC} `) ? parseJson(text.slice(DELTA_MAGIC.length + 1, end)) : undefined;
  const body = text.slice(end + 1);
  if (!isRecord(head) || !isHeader(head["header"]) || typeof head["from"] !== "string")
    throw misfit("its first line is not that of a delta");
  if (head["sha256"] !== sha256Of(body)) throw misfit("its content does not match its checksum");
  const lines = body === "" ? [] : body.slice(0, -1).split("\n");
  const gone = Number(head["gone"]);
  if (lines.length !== gone + Number(head["come"])) throw misfit("it has another number of lines than it says");
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

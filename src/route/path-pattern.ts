import { AppError } from "../kernel/index.ts";
import { encodePath, normalizePath } from "./path.ts";

/** One segment of a pattern. `rest` takes one or more remaining segments, `subtree` none or more. */
export type PatternSegment =
  | { readonly kind: "static"; readonly text: string }
  | { readonly kind: "parameter"; readonly name: string }
  | { readonly kind: "rest"; readonly name: string }
  | { readonly kind: "subtree"; readonly name: string };

/** A parsed `Path` or `PathSubtree`. */
export interface PathPattern {
  readonly segments: readonly PatternSegment[];
  /**
   * Sorts patterns that match the same path, most specific first: a digit per segment (0 static, 1 parameter,
   * 2 rest or subtree), compared as strings.
   */
  readonly rank: string;
}

const MAX_SEGMENTS = 64;
const RANKS = { static: "0", parameter: "1", rest: "2", subtree: "2" } as const;

/**
 * Reads `/a/:name/b`, with `*name`, `**name` or `**` as the last segment. With `subtree` the pattern also matches
 * everything below it, and a trailing slash means nothing. Throws AppError `ROUTE_ARGUMENT`.
 */
export function parsePathPattern(text: string, subtree: boolean): PathPattern {
  if (!text.startsWith("/")) throw refusal(text, 'a path starts with "/"');
  const rest = subtree ? text.replace(/\/+$/, "") : text;
  const written = rest === "" ? [] : rest.slice(1).split("/");
  if (written.length > MAX_SEGMENTS) throw refusal(text, `a path has at most ${MAX_SEGMENTS} segments`);
  const segments: PatternSegment[] = written.map((part, at) => parseSegment(text, part, at === written.length - 1));
  const last = segments.at(-1);
  if (subtree)
    segments.splice(last?.kind === "rest" ? -1 : segments.length, 1, { kind: "subtree", name: last?.kind === "rest" ? last.name : "" });
  const names = segments.flatMap((segment) => ("name" in segment && segment.name !== "" ? [segment.name] : []));
  if (new Set(names).size < names.length) throw refusal(text, "each parameter name stands once");
  return { segments, rank: segments.map((segment) => RANKS[segment.kind]).join("") };
}

function parseSegment(text: string, part: string, last: boolean): PatternSegment {
  if (part.startsWith("*")) {
    if (!last) throw refusal(text, `"${part}" can only be the last segment`);
    const name = part.replace(/^\*{1,2}/, "");
    if (name.includes("*")) throw refusal(text, `"${part}" is not "*name", "**name" or "**"`);
    return { kind: "rest", name };
  }
  if (part.startsWith(":")) {
    const name = part.slice(1);
    if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(name)) {
      throw refusal(text, `":${name}" is no parameter; write ":name", or "%3A" for a colon that starts a segment`);
    }
    return { kind: "parameter", name };
  }
  const normal = normalizePath(`/${encodePath(part)}`);
  if ("refusal" in normal) throw refusal(text, normal.refusal);
  if (part === "." || part === "..") throw refusal(text, `a "${part}" segment never matches; requests are matched after resolving them`);
  return { kind: "static", text: normal.matchPath.slice(1) };
}

function refusal(text: string, why: string): AppError {
  return new AppError("ROUTE_ARGUMENT", `path "${text}": ${why}`);
}

/**
 * The decoded value of `name` in `matchPath`, which `pattern` has matched; undefined when the pattern has no such parameter. That of the
 * rest begins with a slash, and is called `*` when it has no name.
 */
export function pathParameter(pattern: PathPattern, matchPath: string, name: string): string | undefined {
  const index = pattern.segments.findIndex((segment) => isCalled(segment, name));
  if (index < 0) return undefined;
  const isRest = pattern.segments[index]?.kind !== "parameter";
  let start = 1;
  for (let at = 0; at < index; at++) {
    start = matchPath.indexOf("/", start) + 1;
    if (start === 0) return isRest ? "/" : undefined;
  }
  if (isRest) return decodeSegment(matchPath.slice(start - 1));
  const slash = matchPath.indexOf("/", start);
  return decodeSegment(matchPath.slice(start, slash < 0 ? undefined : slash));
}

/** `**rest` is `rest` to most who write it, and `*rest` to Skipper. */
function isCalled(segment: PatternSegment, name: string): boolean {
  if (segment.kind === "static") return false;
  return segment.kind === "parameter" ? segment.name === name : segment.name === name || `*${segment.name}` === name;
}

function decodeSegment(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

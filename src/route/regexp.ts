import { createRequire } from "node:module";
import type { RE2JS } from "re2js";
import { AppError, messageOf } from "../kernel/index.ts";

/** A regular expression of a user's (RE2 syntax), matched in time linear in the text. */
export interface LinearRegexp {
  readonly source: string;
  /** Whether it matches anywhere in `text`. */
  test(text: string): boolean;
  /** `text` with every match replaced; `$1`, `${1}` and `${name}` in the replacement stand for groups, as in Go. */
  replaceAll(text: string, replacement: string): string;
}

const MAX_SOURCE = 4096;
// Anchors, an optional group around everything, and characters that stand for themselves.
const LITERAL = /^(\^?)(\(?)((?:[A-Za-z0-9_\-/ ~%&@=:,;!<>'"`#]|\[[.+*?$()|{}]\]|\\[.\-/+*?$^()|{}[\]\\])*)(\)?)(\$?)$/;

let engine: typeof RE2JS | undefined;
const compiled = new Map<string, RE2JS>();
const MAX_COMPILED = 10_000;

/** Compiles `source`. Throws AppError `ROUTE_REGEXP` when it is no RE2 expression (look-around and back-references are none). */
export function compileRegexp(source: string): LinearRegexp {
  if (source.length > MAX_SOURCE) {
    throw new AppError("ROUTE_REGEXP", `a regular expression has at most ${MAX_SOURCE} characters, this one ${source.length}`);
  }
  const literal = literalOf(source);
  const expression = literal === undefined ? re2(source) : undefined;
  return {
    source,
    test: literal ?? ((text) => expression?.test(text) ?? false),
    replaceAll: (text, replacement) => replace(expression ?? re2(source), text, replacement),
  };
}

function re2(source: string): RE2JS {
  const known = compiled.get(source);
  if (known !== undefined) return known;
  let expression: RE2JS;
  try {
    // Loaded for the first expression that needs it: few tables have one, and it is a tenth of what a worker loads before it serves.
    engine ??= (createRequire(import.meta.url)("re2js") as typeof import("re2js")).RE2JS;
    expression = engine.compile(source);
  } catch (thrown) {
    throw new AppError("ROUTE_REGEXP", `/${source}/ is not a regular expression in RE2 syntax: ${messageOf(thrown)}`, { cause: thrown });
  }
  if (compiled.size >= MAX_COMPILED) compiled.clear();
  compiled.set(source, expression);
  return expression;
}

/** Expressions without operators (`^/foo`, `^(/foo)`, `[.]png$`) are string comparisons. */
function literalOf(source: string): ((text: string) => boolean) | undefined {
  const [, start, open, body = "", close, end] = LITERAL.exec(source) ?? [];
  if (start === undefined || (open === "") !== (close === "")) return undefined;
  const text = body.replaceAll(/\[(.)\]|\\(.)/g, (_, inClass: string | undefined, escaped: string) => inClass ?? escaped);
  if (start !== "" && end !== "") return (value) => value === text;
  if (start !== "") return (value) => value.startsWith(text);
  if (end !== "") return (value) => value.endsWith(text);
  return (value) => value.includes(text);
}

const GROUP = /\$(?:\$|([A-Za-z0-9_]+)|\{([A-Za-z0-9_]+)\})/g;

/** Go's `Regexp.ReplaceAllString`: `$name` takes as many letters, digits and underscores as there are; an unknown group is empty. */
function replace(expression: RE2JS, text: string, replacement: string): string {
  const matcher = expression.matcher(text);
  let result = "";
  let from = 0;
  while (matcher.find()) {
    // As in Go: an empty match right behind the match before it is none.
    if (from > 0 && matcher.end() === from) continue;
    result += text.slice(from, matcher.start());
    result += replacement.replaceAll(GROUP, (written, plain: string | undefined, braced: string | undefined) => {
      if (written === "$$") return "$";
      return groupOf(matcher, plain ?? braced ?? "");
    });
    from = matcher.end();
  }
  return result + text.slice(from);
}

function groupOf(matcher: ReturnType<RE2JS["matcher"]>, name: string): string {
  if (!/^[0-9]+$/.test(name)) return name in matcher.namedGroups ? (matcher.group(name) ?? "") : "";
  const number = Number(name);
  return number <= matcher.groupCount() ? (matcher.group(number) ?? "") : "";
}

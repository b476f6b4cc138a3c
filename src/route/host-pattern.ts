import { AppError } from "../kernel/index.ts";
import { type LinearRegexp, compileRegexp } from "./regexp.ts";

/** One alternative of a host condition. */
export type HostPattern =
  /** This host; with `port` only when the request names that port. */
  | { readonly kind: "exact"; readonly host: string; readonly port: string | undefined }
  /** Any single label before `suffix`, which starts with a dot (a wildcard host of Kubernetes). */
  | { readonly kind: "wildcard"; readonly suffix: string }
  | { readonly kind: "regexp"; readonly regexp: LinearRegexp };

const NAME = String.raw`(?:[a-z0-9_-]|\[\.\]|\\\.)+`;
const ALTERNATIVE = new RegExp(String.raw`^(${NAME}?)(?:\[\.\]\?|\\\.\?)?(?:\(:\[0-9\]\+\)\?|\(:\\d\+\)\?)?$`, "i");
// What Kubernetes integrations write for `*.`: one label of letters, digits and inner dashes.
const LABELS = ["[a-z0-9]+((-[a-z0-9]+)?)", "([a-z0-9]+(-[a-z0-9]+)*)", "[^.]+", "([^.]+)", "[a-z0-9-]+", "([a-z0-9-]+)"];

/**
 * Reads the expression of a `Host` predicate. The forms that Kubernetes objects become, `^(a[.]b[.]?(:[0-9]+)?|…)$`, and plain
 * anchored names are recognised as names, so that they are found by a map; other expressions must be tried one by one.
 * Throws AppError `ROUTE_REGEXP`.
 */
export function parseHostRegexp(source: string): readonly HostPattern[] {
  const known = alternativesOf(source)?.map(parseAlternative);
  if (known !== undefined && known.every((pattern) => pattern !== undefined)) return known;
  return [{ kind: "regexp", regexp: compileRegexp(source) }];
}

function alternativesOf(source: string): readonly string[] | undefined {
  if (!source.startsWith("^") || !source.endsWith("$")) return undefined;
  const inner = source.slice(1, -1);
  if (inner.startsWith("(") && inner.endsWith(")") && !inner.endsWith("(:[0-9]+)") && !inner.startsWith("(?")) {
    return inner.slice(1, -1).split("|");
  }
  return inner.includes("|") ? undefined : [inner];
}

function parseAlternative(text: string): HostPattern | undefined {
  const exact = ALTERNATIVE.exec(text);
  if (exact !== null) return { kind: "exact", host: nameOf(exact[1] ?? ""), port: undefined };
  for (const label of LABELS) {
    if (!text.startsWith(label)) continue;
    const rest = ALTERNATIVE.exec(text.slice(label.length));
    if (rest !== null && /^(\[\.\]|\\\.)/.test(rest[1] ?? "")) return { kind: "wildcard", suffix: nameOf(rest[1] ?? "") };
  }
  return undefined;
}

function nameOf(text: string): string {
  return text.replaceAll("[.]", ".").replaceAll("\\.", ".").toLowerCase();
}

/** Reads one name of `HostAny`: `example.org`, `example.org:8080` or `*.example.org`. Throws AppError `ROUTE_ARGUMENT`. */
export function parseHostName(text: string): HostPattern {
  const found = /^(\*(?=\.))?((?:[A-Za-z0-9_-]|\.(?!\.))+?|\[[0-9A-Fa-f:.]+\])\.?(?::([0-9]{1,5}))?$/.exec(text);
  const host = found?.[2]?.toLowerCase();
  if (found === null || host === undefined) {
    throw new AppError("ROUTE_ARGUMENT", `"${text}" is no host name; write "example.org", "example.org:8080" or "*.example.org"`);
  }
  if (found[1] !== undefined) return { kind: "wildcard", suffix: host };
  return { kind: "exact", host, port: found[3] };
}

import { type CallDocumentation, type Parameter, shapeOf } from "./call-documentation.ts";
import { type NotHad, featuresNotHad, filtersNotHad } from "./not-had.ts";
import { placingPredicates } from "./predicates/placing-predicates.ts";
import type { Registry } from "./registry.ts";

type Entry = readonly [name: string, documentation: CallDocumentation];

const GENERATED = "<!-- Made by scripts/route-reference.ts from the code. -->";

/** The page on predicates: docs/reference/predicates.md. */
export function predicatesPage(registry: Registry): string {
  const entries: Entry[] = [...placingPredicates];
  for (const { name, documentation } of registry.predicates.values()) if (documentation !== undefined) entries.push([name, documentation]);
  return page(
    "Predicates",
    [
      "A route answers requests for which all its predicates hold; [eskip.md](eskip.md) says which one answers when several routes do. Each predicate adds 1 to the weight of its route, unless it says otherwise.",
      "A text in quotes is as good as one between slashes where an expression is expected. Expressions are RE2, matched in linear time.",
      "Under _differs_ stands where a predicate does not do what Skipper's does, and why.",
    ],
    entries,
    "matches ",
    [],
  );
}

/** The page on filters: docs/reference/filters.md. */
export function filtersPage(registry: Registry): string {
  const entries: Entry[] = [];
  for (const { name, documentation } of registry.filters.values()) if (documentation !== undefined) entries.push([name, documentation]);
  return page(
    "Filters",
    [
      "The request passes the filters of its route in the order they stand, until one of them answers; the response passes back through those that saw the request, the last one first.",
      "Content-Length, Transfer-Encoding, Connection, Upgrade, TE, Trailer, Expect and Keep-Alive frame a message or belong to a connection: the proxy writes them, and a filter that names one cannot be built.",
      "A _template_ may have `${request.method}`, `${request.host}`, `${request.path}`, `${request.rawQuery}`, `${request.clientIP}`, `${request.source}`, `${request.sourceFromLast}`, `${request.header.NAME}`, `${request.query.NAME}`, `${request.cookie.NAME}`, `${response.header.NAME}` and `${NAME}` for a parameter of the path. `source` and `sourceFromLast` are the first and last address in X-Forwarded-For as a trusted proxy sent it, else the client's.",
      "A _duration_ is a text as in `1h30m`, `1.5s` or `150ms`, or a number of milliseconds.",
      "Under _differs_ stands where a filter does not do what Skipper's does, and why.",
    ],
    entries,
    "",
    [...notHad(filtersNotHad), ...featuresNotHad.map(([what, reason]) => `- ${what}: ${reason}`)],
  );
}

function page(title: string, opening: readonly string[], entries: readonly Entry[], verb: string, missing: readonly string[]): string {
  const families = Map.groupBy(entries, ([, { family }]) => family);
  const blocks = [`# ${title}`, GENERATED, ...opening];
  for (const [family, members] of families) blocks.push(`## ${family}`, ...members.flatMap((entry) => describe(entry, verb)));
  if (missing.length > 0) blocks.push("## What there will not be", missing.join("\n"));
  return `${blocks.join("\n\n")}\n`;
}

function describe([name, { does, parameters, source, deviations = [] }]: Entry, verb: string): readonly string[] {
  const lines = [
    ...parameters.map((parameter) => `- \`${parameter.name}\`, ${kindOf(parameter)}: ${parameter.what}.`),
    ...deviations.map((deviation) => `- _differs:_ ${deviation}`),
    `- _source:_ <${source}>`,
  ];
  return [`### ${name}`, `\`${name}${shapeOf(parameters)}\` ${verb}${does}`, lines.join("\n")];
}

function kindOf({ type, occurs, range }: Parameter): string {
  const unit = type === "duration" ? " ms" : "";
  const bounds = range === undefined || range[1] === Number.MAX_SAFE_INTEGER ? "" : ` from ${range[0]} to ${range[1]}${unit}`;
  const often = { optional: ", may be left out", repeated: ", once or more", any: ", as many as there are" };
  return `${type}${bounds}${occurs === undefined ? "" : often[occurs]}`;
}

function notHad(list: readonly NotHad[]): readonly string[] {
  return list.map(({ names, reason }) => `- ${names.map((name) => `\`${name}\``).join(", ")}: ${reason}`);
}

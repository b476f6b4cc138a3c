import type { CallArguments } from "./arguments.ts";
import { isRecord } from "../kernel/index.ts";
import { encodePath } from "./path.ts";
import { type LinearRegexp, compileRegexp } from "./regexp.ts";

/** What a router is told for `apiUsageMonitoring`. */
export interface ApiUsageSettings {
  /** Claims that may name the realm of a client, and the client; the first that a token has counts. */
  readonly realmKeys: readonly string[];
  readonly clientKeys: readonly string[];
  /** Realms whose clients are told apart; RE2. */
  readonly realmsPattern: string;
}

/** One template of a path, and whose it is. */
export interface ApiPath {
  readonly application: string;
  readonly tag: string;
  readonly api: string;
  /** As in `foo/orders/{order-id}`. */
  readonly template: string;
  /** Undefined for what matches no template. */
  readonly regexp: LinearRegexp | undefined;
  /** Which clients are told apart; undefined: none of them. */
  readonly clients: LinearRegexp | undefined;
  /** Whether clients are counted at all. */
  readonly hasClients: boolean;
}

/** What one call of the filter is about. */
export interface ApiPaths {
  /** In the order in which they are tried. */
  readonly paths: readonly ApiPath[];
  /** For any other path. */
  readonly unknown: ApiPath;
  /** What was left out and why: such a call still counts the rest, and its route serves. */
  readonly problems: readonly string[];
}

export const UNKNOWN = "{unknown}";
export const NO_MATCH = "{no-match}";
const NO_TAG = "{no-tag}";
const MEMBERS = new Set(["application_id", "tag", "api_id", "path_templates", "client_tracking_pattern"]);

/** Reads the JSON texts that the filter is given. */
export function readApiPaths(args: CallArguments): ApiPaths {
  const found = new Map<string, ApiPath>();
  const problems: string[] = [];
  for (const [at, text] of args.texts().entries()) {
    try {
      for (const [pattern, path] of pathsOf(JSON.parse(text))) {
        if (found.has(pattern)) problems.push(`argument ${at + 1}: ${path.template} stands for the same paths as one before it`);
        else found.set(pattern, path);
      }
    } catch (thrown) {
      problems.push(`argument ${at + 1}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    }
  }
  // As Skipper: of two templates that match a path the one with more behind it comes first.
  const paths = [...found].toSorted(([left], [right]) => (left < right ? 1 : -1)).map(([, path]) => path);
  const applications = new Set(paths.map(({ application }) => application));
  const [application = UNKNOWN] = applications.size === 1 ? applications : [];
  const unknown = { application, tag: UNKNOWN, api: UNKNOWN, template: NO_MATCH, regexp: undefined, clients: undefined, hasClients: true };
  return { paths, unknown, problems };
}

/** The paths of one API by their expressions. Throws for what is not as it must be. */
function pathsOf(value: unknown): readonly (readonly [string, ApiPath])[] {
  if (!isRecord(value)) throw new Error("write a JSON object");
  const other = Object.keys(value).find((name) => !MEMBERS.has(name));
  if (other !== undefined) throw new Error(`${JSON.stringify(other)} is none of ${[...MEMBERS].join(", ")}`);
  const application = textOf(value, "application_id");
  const api = textOf(value, "api_id");
  const tag = value["tag"] === undefined || value["tag"] === "" ? NO_TAG : textOf(value, "tag");
  const tracked = value["client_tracking_pattern"] ?? ".*";
  if (typeof tracked !== "string") throw new Error("client_tracking_pattern is no text");
  const clients = tracked === "" ? undefined : compileRegexp(tracked);
  const templates = value["path_templates"];
  if (!Array.isArray(templates) || templates.length === 0) throw new Error("path_templates is no list with something in it");
  return templates.map((template: unknown) => {
    if (typeof template !== "string" || template === "") throw new Error("path_templates has something that is no text");
    const pattern = patternOf(template);
    const regexp = compileRegexp(pattern);
    return [pattern, { application, tag, api, template: normalOf(template), regexp, clients, hasClients: clients !== undefined }] as const;
  });
}

function textOf(value: Readonly<Record<string, unknown>>, name: string): string {
  const text = value[name];
  if (typeof text !== "string" || text === "") throw new Error(`${name} is missing, or no text`);
  return text;
}

const segmentsOf = (template: string): readonly string[] => template.split("/").filter((segment) => segment !== "");

/** `:id` and `{id?}` as `{id}`, one slash between segments and none around them. */
function normalOf(template: string): string {
  return segmentsOf(template)
    .map((segment) => segment.replace(/^:([^:{}]*)$/, "{$1}").replaceAll(/\{([^{}]*?)\??\}/g, "{$1}"))
    .join("/");
}

/** A parameter stands for one character at least, `{id?}` also for none; slashes are among them. */
function patternOf(template: string): string {
  const segments = segmentsOf(template).map((segment) =>
    segment.startsWith(":")
      ? ".+"
      : segment
          .split(/(\{[^{}]*\})/)
          .map(partPattern)
          .join(""),
  );
  return `^/*${segments.join("/+")}/*$`;
}

function partPattern(part: string): string {
  if (part.startsWith("{")) return part.endsWith("?}") ? ".*" : ".+";
  return encodePath(part).replaceAll(/[.*+?\\^$()[\]{}|]/g, "\\$&");
}

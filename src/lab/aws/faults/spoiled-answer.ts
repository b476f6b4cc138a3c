import type { Fields } from "../wire/query-input.ts";
import type { Operation, ServiceModel } from "../wire/service-model.ts";
import type { Fault } from "./fault.ts";

/** What the tokens of pages are called in the requests and in the answers of an action. */
interface TokenNames {
  readonly asked: string;
  readonly said: string;
}

/** Where the first page was asked for: it is the first again. */
const FIRST_TOKEN = "YWZ0ZXIg";
const STATES: ReadonlySet<string> = new Set(["State", "Code", "Status", "LifecycleState", "HealthStatus"]);

/** An answer with what the fault does to it. */
export function spoiled(fault: Fault, output: Fields, input: Fields, paging: TokenNames | undefined): Fields {
  if (fault.kind === "short-list")
    return mapLists(output, (list) => (fault.keep === "none" ? [] : list.slice(0, Math.floor(list.length / 2))));
  if (fault.kind === "phantom") return mapLists(output, (list) => [...list, ...list.slice(0, 1).map(otherThan)]);
  if (fault.kind === "no-list") return Object.fromEntries(Object.entries(output).filter(([, value]) => !Array.isArray(value)));
  if (fault.kind === "missing-field") return withoutField(output, fault.field) as Fields;
  if (fault.kind === "unknown-enum") return withUnknownStates(output) as Fields;
  if (fault.kind !== "same-token" || paging === undefined) return output;
  const token = input[paging.asked] ?? FIRST_TOKEN;
  return { ...output, [paging.said]: token, ...(Object.hasOwn(output, "IsTruncated") ? { IsTruncated: true } : {}) };
}

/** Undefined for an action that has no pages. */
export function tokenNamesOf(model: ServiceModel, { input, output }: Operation): TokenNames | undefined {
  const has = (shape: string | undefined, name: string): boolean =>
    shape !== undefined && Object.hasOwn(model.shape(shape).members ?? {}, name);
  const asked = ["Marker", "NextToken"].find((name) => has(input, name));
  const said = ["NextMarker", "NextToken", "Marker"].find((name) => has(output, name));
  return asked === undefined || said === undefined ? undefined : { asked, said };
}

function mapLists(fields: Fields, change: (list: readonly unknown[]) => readonly unknown[]): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, Array.isArray(value) ? change(value) : value]));
}

/** Goes through all structures and lists of a value; `change` sees each field and answers what it is to be, undefined for nothing. */
function mapDeep(value: unknown, change: (name: string, held: unknown, within: string) => unknown, within = ""): unknown {
  if (Array.isArray(value)) return value.map((one) => mapDeep(one, change));
  if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Uint8Array) return value;
  const entries = Object.entries(value).map(([name, held]) => [name, mapDeep(change(name, held, within), change, name)] as const);
  return Object.fromEntries(entries.filter(([, held]) => held !== undefined));
}

function withoutField(output: Fields, field: string): unknown {
  return mapDeep(output, (name, held) => (name === field ? undefined : held));
}

/** Fields whose name is that of a state, and EC2's `State: { Name: "running" }`. */
function withUnknownStates(output: Fields): unknown {
  const isState = (name: string, within: string): boolean => STATES.has(name) || (name === "Name" && STATES.has(within));
  return mapDeep(output, (name, held, within) => (typeof held === "string" && isState(name, within) ? "banana" : held));
}

/** The same entry by ids and ARNs that nothing has. */
function otherThan(entry: unknown): unknown {
  const other = (held: unknown): unknown => (typeof held === "string" ? held.replace(/[0-9a-f]{12}$/, "000000000000") : held);
  return typeof entry === "string" ? other(entry) : mapDeep(entry, (_name, held) => other(held));
}

import { AppError } from "../kernel/index.ts";
import {
  ALGORITHMS,
  type Algorithm,
  type Call,
  type RouteDefinition,
  parseEskip,
  parseFilterChain,
  parsePredicates,
} from "../route/index.ts";
import { fieldError } from "./fields.ts";
import type { Meta } from "./kube-objects.ts";
import type { AnnotationRule, ConvertOptions, PathMode } from "./options.ts";
import { unreadable } from "./unreadable.ts";

const PREFIX = "zalando.org/";
const PATH_MODES: readonly PathMode[] = ["kubernetes-ingress", "path-regexp", "path-prefix"];
const PROTOCOLS = ["http", "https", "h2c", "h2", "fastcgi"] as const;

/** What the annotations of an Ingress ask for. */
export interface IngressAnnotations {
  readonly filters: readonly Call[];
  readonly predicates: readonly Call[];
  readonly routes: readonly RouteDefinition[];
  /** By Service; undefined without the annotation. */
  readonly weights: ReadonlyMap<string, number> | undefined;
  readonly algorithm: Algorithm;
  readonly protocol: string | undefined;
  readonly pathMode: PathMode;
  readonly redirect: boolean | undefined;
  readonly redirectCode: number | undefined;
  readonly zoneAware: boolean;
  readonly forward: boolean;
  /** Of annotations that cannot be read. What they decide is then `unreadable`: which requests (predicates), or what is done with them (filters). */
  readonly problems: readonly AppError[];
}

/** Throws AppError `INGRESS_FIELD` or `INGRESS_ESKIP` naming the annotation only where such objects are dropped. */
export function readIngressAnnotations(meta: Meta, options: ConvertOptions): IngressAnnotations {
  const text = (name: string): string => meta.annotations.get(PREFIX + name) ?? "";
  const problems: AppError[] = [];
  const predicates: Call[] = [];
  const filters: Call[] = [];
  const attempt = <Value>(read: () => Value, affected: Call[]): Value | undefined => {
    try {
      return read();
    } catch (thrown) {
      if (options.dropUnreadable || !(thrown instanceof AppError)) throw thrown;
      problems.push(thrown);
      affected.push(unreadable(thrown));
      return undefined;
    }
  };
  const choice = <Choice extends string>(name: string, choices: readonly Choice[], affected: Call[]): Choice | undefined =>
    attempt(() => readChoice(text(name), choices, name), affected);
  const pathMode = choice("skipper-ingress-path-mode", PATH_MODES, predicates) ?? options.pathMode;
  predicates.push(...(attempt(() => readPredicates(text("skipper-predicate"), place("skipper-predicate")), predicates) ?? []));
  filters.push(...(attempt(() => readFilters(text("skipper-filter"), place("skipper-filter")), filters) ?? []));
  return {
    filters,
    predicates,
    routes: attempt(() => readRoutes(text("skipper-routes")), filters) ?? [],
    weights: attempt(() => readWeights(meta.annotations.get(`${PREFIX}backend-weights`)), filters),
    algorithm: choice("skipper-loadbalancer", ALGORITHMS, filters) ?? options.algorithm,
    protocol: choice("skipper-backend-protocol", PROTOCOLS, filters),
    pathMode,
    redirect: attempt(() => readSwitch(text("skipper-ingress-redirect")), filters),
    redirectCode: attempt(() => readRedirectCode(text("skipper-ingress-redirect-code")), filters),
    zoneAware: isZoneAware(meta),
    forward: text("skipper-backend") === "forward",
    problems,
  };
}

/** False only when the annotation says so. */
export function isZoneAware(meta: Meta): boolean {
  return meta.annotations.get(`${PREFIX}traffic-zone-aware`) !== "false";
}

function place(name: string): string {
  return `metadata.annotations["${PREFIX}${name}"]`;
}

/** Reads a filter chain that stands at `where` of an object. Throws AppError `INGRESS_ESKIP`. */
export function readFilters(text: string, where: string): readonly Call[] {
  const { calls, problems } = parseFilterChain(text, where);
  return sound(calls, problems);
}

/** Reads predicates that stand at `where` of an object. Throws AppError `INGRESS_ESKIP`. */
export function readPredicates(text: string, where: string): readonly Call[] {
  const { calls, problems } = parsePredicates(text, where);
  return sound(calls, problems);
}

function readRoutes(text: string): readonly RouteDefinition[] {
  const { routes, problems } = parseEskip(text, place("skipper-routes"));
  return sound(routes, problems);
}

function sound<Value>(value: Value, problems: ReturnType<typeof parsePredicates>["problems"]): Value {
  const [first] = problems;
  if (first === undefined) return value;
  throw new AppError("INGRESS_ESKIP", `${first.file}, line ${first.line}, column ${first.column}: ${first.message}`);
}

function readWeights(text: string | undefined): ReadonlyMap<string, number> | undefined {
  if (text === undefined) return undefined;
  const where = place("backend-weights");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw Object.assign(fieldError(where, 'JSON as in {"service-a": 80, "service-b": 20}', text), { cause: thrown });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw fieldError(where, "an object of weights by Service", value);
  return new Map(
    Object.entries(value).map(([name, weight]: [string, unknown]) => {
      if (typeof weight !== "number" || !(weight >= 0 && weight <= 1e9))
        throw fieldError(`${where}.${name}`, "a weight of 0 or more", weight);
      return [name, weight];
    }),
  );
}

function readChoice<Choice extends string>(text: string, choices: readonly Choice[], name: string): Choice | undefined {
  if (text === "") return undefined;
  const choice = choices.find((candidate) => candidate === text);
  if (choice === undefined) throw fieldError(place(name), `one of ${choices.join(", ")}`, text);
  return choice;
}

function readRedirectCode(text: string): number | undefined {
  if (text === "") return undefined;
  if (!/^3[0-9]{2}$/.test(text)) throw fieldError(place("skipper-ingress-redirect-code"), "a status from 300 to 399", text);
  return Number(text);
}

function readSwitch(text: string): boolean | undefined {
  if (text === "") return undefined;
  if (text === "true" || text === "false") return text === "true";
  throw fieldError(place("skipper-ingress-redirect"), '"true" or "false"', text);
}

/** What the rules add to an object with these annotations, in the order of the rules. */
export function callsByAnnotation(meta: Meta, rules: readonly AnnotationRule[]): readonly Call[] {
  return rules.filter((rule) => meta.annotations.get(rule.key) === rule.value).flatMap((rule) => rule.calls);
}

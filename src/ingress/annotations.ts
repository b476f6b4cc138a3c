import { AppError } from "../kernel/index.ts";
import { type Algorithm, type Call, type RouteDefinition, parseEskip, parseFilterChain, parsePredicates } from "../route/index.ts";
import { fieldError } from "./fields.ts";
import type { Meta } from "./kube-objects.ts";
import type { AnnotationRule, ConvertOptions, PathMode } from "./options.ts";

const PREFIX = "zalando.org/";
const ALGORITHMS: readonly Algorithm[] = ["roundRobin", "random", "consistentHash", "powerOfRandomNChoices"];
const PATH_MODES: readonly PathMode[] = ["kubernetes-ingress", "path-regexp", "path-prefix"];
const PROTOCOLS = ["http", "https", "h2c", "fastcgi"] as const;

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
}

/** Throws AppError `INGRESS_FIELD` or `INGRESS_ESKIP` naming the annotation. */
export function readIngressAnnotations(meta: Meta, options: ConvertOptions): IngressAnnotations {
  const text = (name: string): string => meta.annotations.get(PREFIX + name) ?? "";
  const redirectCode = text("skipper-ingress-redirect-code");
  if (redirectCode !== "" && !/^3[0-9]{2}$/.test(redirectCode)) {
    throw fieldError(place("skipper-ingress-redirect-code"), "a status from 300 to 399", redirectCode);
  }
  return {
    filters: readFilters(text("skipper-filter"), place("skipper-filter")),
    predicates: readPredicates(text("skipper-predicate"), place("skipper-predicate")),
    routes: readRoutes(text("skipper-routes")),
    weights: readWeights(meta.annotations.get(`${PREFIX}backend-weights`)),
    algorithm: readChoice(text("skipper-loadbalancer"), ALGORITHMS, "skipper-loadbalancer") ?? options.algorithm,
    protocol: readChoice(text("skipper-backend-protocol"), PROTOCOLS, "skipper-backend-protocol"),
    pathMode: readChoice(text("skipper-ingress-path-mode"), PATH_MODES, "skipper-ingress-path-mode") ?? options.pathMode,
    redirect: readSwitch(text("skipper-ingress-redirect")),
    redirectCode: redirectCode === "" ? undefined : Number(redirectCode),
    zoneAware: isZoneAware(meta),
    forward: text("skipper-backend") === "forward",
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

function readSwitch(text: string): boolean | undefined {
  if (text === "") return undefined;
  if (text === "true" || text === "false") return text === "true";
  throw fieldError(place("skipper-ingress-redirect"), '"true" or "false"', text);
}

/** What the rules add to an object with these annotations, in the order of the rules. */
export function callsByAnnotation(meta: Meta, rules: readonly AnnotationRule[]): readonly Call[] {
  return rules.filter((rule) => meta.annotations.get(rule.key) === rule.value).flatMap((rule) => rule.calls);
}

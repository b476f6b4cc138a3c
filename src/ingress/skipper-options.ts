import { ALGORITHMS, type Call, didYouMean } from "../route/index.ts";
import { Fields, fieldError } from "./fields.ts";
import { type AnnotationRule, type ConvertOptions, type EastWestRange, defaultConvertOptions } from "./options.ts";

const DEFAULT_EAST_WEST_DOMAIN = "skipper.cluster.local";
const PATH_MODES = ["kubernetes-ingress", "path-regexp", "path-prefix"] as const;
const TRAFFIC = ["traffic-predicate", "traffic-segment-predicate"] as const;

type Reader = (fields: Fields, name: string) => Partial<ConvertOptions>;

/** Skipper's names for options of its Kubernetes client, in flags and in its test data; what each means here. */
const READERS: Readonly<Record<string, Reader>> = {
  "default-lb-algorithm": (fields, name) => ({ algorithm: choice(fields, name, ALGORITHMS) }),
  "kubernetes-path-mode": (fields, name) => ({ pathMode: choice(fields, name, PATH_MODES) }),
  "kubernetes-backend-traffic-algorithm": (fields, name) => ({ trafficAlgorithm: choice(fields, name, TRAFFIC) }),
  "kubernetes-ingress-class": (fields, name) => ({ classes: [fields.string(name)] }),
  disableCatchAllRoutes: (fields, name) => ({ catchAll: fields.optionalBoolean(name) !== true }),
  httpsRedirect: (fields, name) => ({ httpsRedirect: fields.optionalBoolean(name) === true }),
  httpsRedirectCode: (fields, name) => ({ httpsRedirectCode: fields.optionalInteger(name, 300, 399) ?? 308 }),
  "topology-zone": (fields, name) => ({ topologyZone: fields.string(name) }),
  "force-kubernetes-service": (fields, name) => ({ forceService: fields.optionalBoolean(name) === true }),
  enableExternalNames: (fields, name) => ({ externalNames: fields.optionalBoolean(name) === true }),
  externalNamePreserveHost: (fields, name) => ({ externalNamePreserveHost: fields.optionalBoolean(name) === true }),
  "forward-backend-url": (fields, name) => ({ forwardBackendUrl: fields.string(name) }),
  kubernetesAnnotationPredicates: (fields, name) => ({ annotationPredicates: rules(fields, name, "predicates") }),
  kubernetesAnnotationFiltersAppend: (fields, name) => ({ annotationFilters: rules(fields, name, "filters") }),
  "kubernetes-application-annotation-label": (fields, name) => ({ applicationLabel: fields.string(name) }),
  "kubernetes-ingresses-label-selector": (fields, name) => ({ ingressSelector: selector(fields, name) }),
  "kubernetes-services-label-selector": (fields, name) => ({ serviceSelector: selector(fields, name) }),
  "kubernetes-endpoints-label-selector": (fields, name) => ({ endpointSelector: selector(fields, name) }),
};

/** They are read together, below, or mean nothing here: there is one kind of Ingress, and EndpointSlices are always read. */
const OTHERS = [
  "eastWest",
  "eastWestDomain",
  "eastWestRangeDomains",
  "eastWestRangePredicatesAppend",
  "kubernetesEastWestRangeAnnotationPredicates",
  "kubernetesEastWestRangeAnnotationFiltersAppend",
  "onlyAllowedExternalNames",
  "allowedExternalNames",
  "enable-kubernetes-endpointslices",
  "ingressv1",
  "kubernetes-enable-tls",
];

/** What Skipper does when nothing is set, as far as it differs from what the router does. */
export const skipperConvertOptions: ConvertOptions = {
  ...defaultConvertOptions,
  trafficAlgorithm: "traffic-predicate",
  protocols: ["http", "https", "h2c", "fastcgi"],
  dropUnreadable: true,
};

/**
 * Reads options under Skipper's names over `skipperConvertOptions`. Throws AppError `INGRESS_FIELD` for one that does not exist
 * or has the wrong shape. `value` is what the YAML of an options file says; null for an empty one.
 */
export function readSkipperOptions(value: unknown): ConvertOptions {
  const fields = new Fields(value ?? {}, "");
  const set: Partial<ConvertOptions> = {};
  for (const name of Object.keys(value ?? {})) {
    const read = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
    if (read !== undefined) Object.assign(set, read(fields, name));
    else if (!OTHERS.includes(name))
      throw fieldError(name, `a known option${didYouMean(name, [...Object.keys(READERS), ...OTHERS])}`, name);
  }
  const eastWest = fields.optionalBoolean("eastWest") === true;
  return {
    ...skipperConvertOptions,
    ...set,
    eastWestDomain: eastWest ? (fields.optionalString("eastWestDomain") ?? DEFAULT_EAST_WEST_DOMAIN) : undefined,
    eastWestRange: readRange(fields),
    allowedExternalNames: fields.optionalBoolean("onlyAllowedExternalNames") === true ? fields.strings("allowedExternalNames") : undefined,
  };
}

function readRange(fields: Fields): EastWestRange | undefined {
  if (!fields.has("eastWestRangeDomains")) return undefined;
  return {
    domains: fields.strings("eastWestRangeDomains"),
    predicates: fields.list("eastWestRangePredicatesAppend", readCall),
    annotationPredicates: rules(fields, "kubernetesEastWestRangeAnnotationPredicates", "predicates"),
    annotationFilters: rules(fields, "kubernetesEastWestRangeAnnotationFiltersAppend", "filters"),
  };
}

function choice<Choice extends string>(fields: Fields, name: string, choices: readonly Choice[]): Choice {
  const text = fields.string(name);
  const found = choices.find((candidate) => candidate === text);
  if (found === undefined) throw fieldError(name, `one of ${choices.join(", ")}`, text);
  return found;
}

function rules(fields: Fields, name: string, what: "predicates" | "filters"): readonly AnnotationRule[] {
  return fields.list(name, (item, path) => {
    const rule = new Fields(item, path);
    return { key: rule.string("key"), value: rule.string("value"), calls: rule.list(what, readCall) };
  });
}

/** YAML takes the predicates `True` and `False` for truth values unless they are quoted. */
function readCall(item: unknown, path: string): Call {
  const name: unknown = typeof item === "object" && item !== null && "name" in item ? item.name : undefined;
  const fields = new Fields(typeof name === "boolean" ? { ...(item as object), name: name ? "True" : "False" } : item, path);
  const args = fields.list("args", (arg, place) => {
    if (typeof arg !== "string" && typeof arg !== "number") throw fieldError(place, "a string or a number", arg);
    return arg;
  });
  return { name: fields.string("name"), args };
}

function selector(fields: Fields, name: string): ReadonlyMap<string, string> {
  const map = fields.object(name);
  return new Map(map.entries().map(([key, value]) => [key, String(value)]));
}

import type { Algorithm, Call } from "../route/index.ts";

/** How a path of type ImplementationSpecific is read; the names are Skipper's. */
export type PathMode = "kubernetes-ingress" | "path-regexp" | "path-prefix";
/** How weighted back ends are told apart. */
export type TrafficAlgorithm = "traffic-predicate" | "traffic-segment-predicate";
/** What is added to the routes of objects that have an annotation with this key and value. */
export interface AnnotationRule {
  readonly key: string;
  readonly value: string;
  readonly calls: readonly Call[];
}
/** Host names inside the cluster's network and what their routes demand. */
export interface EastWestRange {
  readonly domains: readonly string[];
  readonly predicates: readonly Call[];
  readonly annotationPredicates: readonly AnnotationRule[];
  readonly annotationFilters: readonly AnnotationRule[];
}

/** How objects become routes. */
export interface ConvertOptions {
  /** Ingress classes and RouteGroup classes served, by name. An object without a class is served too. */
  readonly classes: readonly string[];
  /** An Ingress whose IngressClass names one of these controllers is served, whatever the class is called. */
  readonly controllers: readonly string[];
  readonly pathMode: PathMode;
  readonly trafficAlgorithm: TrafficAlgorithm;
  readonly algorithm: Algorithm;
  /** Adds a 404 for what no route of a known host takes, so that a default back end does not answer for it. */
  readonly catchAll: boolean;
  /** Redirects requests that came by http, as X-Forwarded-Proto says. */
  readonly httpsRedirect: boolean;
  readonly httpsRedirectCode: number;
  /** Only endpoints of this zone are used where it has at least three. */
  readonly topologyZone: string | undefined;
  /** Sends to `SERVICE.NAMESPACE.svc.cluster.local` instead of to endpoints. */
  readonly forceService: boolean;
  /** Adds routes for `NAME.NAMESPACE.DOMAIN`. */
  readonly eastWestDomain: string | undefined;
  readonly eastWestRange: EastWestRange | undefined;
  readonly externalNames: boolean;
  readonly externalNamePreserveHost: boolean;
  /** When set, hosts outside the cluster must match one of these expressions (RE2). */
  readonly allowedExternalNames: readonly string[] | undefined;
  /** Where Ingresses with the annotation `zalando.org/skipper-backend: forward` go. */
  readonly forwardBackendUrl: string | undefined;
  readonly annotationPredicates: readonly AnnotationRule[];
  readonly annotationFilters: readonly AnnotationRule[];
  /** The label whose value routes are annotated with. */
  readonly applicationLabel: string | undefined;
  readonly ingressSelector: ReadonlyMap<string, string>;
  readonly serviceSelector: ReadonlyMap<string, string>;
  readonly endpointSelector: ReadonlyMap<string, string>;
  /** Filter chains put before the filters of routes to `SERVICE.NAMESPACE`. */
  readonly defaultFilters: ReadonlyMap<string, string>;
  /** Protocols spoken to endpoints; a Service that asks for another one has no usable endpoints. */
  readonly protocols: readonly string[];
  /** An object with an annotation, filter or predicate that cannot be read is dropped, as Skipper does; else its routes answer 503. */
  readonly dropUnreadable: boolean;
}

const none: ReadonlyMap<string, string> = new Map();

/** What the router uses. */
export const defaultConvertOptions: ConvertOptions = {
  classes: ["holdfast", "skipper"],
  controllers: ["holdfast.dev/router"],
  pathMode: "kubernetes-ingress",
  trafficAlgorithm: "traffic-segment-predicate",
  algorithm: "roundRobin",
  catchAll: true,
  httpsRedirect: false,
  httpsRedirectCode: 308,
  topologyZone: undefined,
  forceService: false,
  eastWestDomain: undefined,
  eastWestRange: undefined,
  externalNames: false,
  externalNamePreserveHost: false,
  allowedExternalNames: undefined,
  forwardBackendUrl: undefined,
  annotationPredicates: [],
  annotationFilters: [],
  applicationLabel: undefined,
  ingressSelector: none,
  serviceSelector: none,
  endpointSelector: none,
  defaultFilters: none,
  protocols: ["http", "https", "h2c", "h2"],
  dropUnreadable: false,
};

import type { KubeObject } from "../kube/index.ts";

/** What the control process accepted, each kind by `namespace/name` (IngressClass by name). Not yet looked into. */
export interface World {
  readonly ingresses: ReadonlyMap<string, KubeObject>;
  readonly routeGroups: ReadonlyMap<string, KubeObject>;
  readonly services: ReadonlyMap<string, KubeObject>;
  readonly endpointSlices: ReadonlyMap<string, KubeObject>;
  readonly ingressClasses: ReadonlyMap<string, KubeObject>;
  /**
   * EndpointSlices, or former versions of them, that their source took back while it was not trusted. Their endpoints
   * become the `withdrawn` tier of pools.
   */
  readonly withdrawnEndpointSlices?: ReadonlyMap<string, KubeObject>;
}

/** The kinds that routes are made of. */
export type ObjectKind = "Ingress" | "RouteGroup" | "Service" | "EndpointSlice" | "IngressClass";

/** One object that is new, another version, or gone. */
export interface ObjectChange {
  /** `WithdrawnEndpointSlice`: an EndpointSlice, or a former version of one, that its source took back while it was not trusted. */
  readonly kind: ObjectKind | "WithdrawnEndpointSlice";
  /** `namespace/name`; the name of an IngressClass. */
  readonly key: string;
  /** Undefined when it is gone. */
  readonly object: KubeObject | undefined;
}

/** Something wrong with one object, for its owner. */
export interface ObjectProblem {
  readonly kind: ObjectKind;
  /** Empty for an IngressClass. */
  readonly namespace: string;
  readonly name: string;
  /** INGRESS_… or ROUTE_… (docs/reference/errors). */
  readonly code: string;
  /** What and where in the object, and how to mend it: `spec.rules[0].host: …`. */
  readonly message: string;
  /**
   * `dropped`: nothing of the object is used. `partial`: some of its routes answer 503, the others are served.
   * `ignored`: one setting is not heeded.
   */
  readonly effect: "dropped" | "partial" | "ignored";
}

import { isDeepStrictEqual } from "node:util";

import type { KubeObject } from "../kube/index.ts";
import { commonHost } from "../x509/index.ts";
import { Fields } from "./fields.ts";
import { type Classes, isServedIngress, isServedRouteGroup, readClasses } from "./ingress-class.ts";
import { readHost, readMeta } from "./kube-objects.ts";
import type { ConvertOptions } from "./options.ts";
import type { ObjectChange, ObjectProblem } from "./world.ts";

/** A certificate that an Ingress or RouteGroup which is ours asks for: an item of `spec.tls`. */
export interface TlsClaim {
  readonly owner: Pick<ObjectProblem, "kind" | "namespace" | "name">;
  /** `spec.tls[0]` and its like. */
  readonly place: string;
  /** `namespace/name`; in the namespace of who asks. */
  readonly secret: string;
  /**
   * For which hosts: those of `hosts` that are the object's own; without `hosts` all of its own. Undefined: for whatever the certificate is,
   * because the object takes requests for all hosts and names none here.
   */
  readonly hosts: readonly string[] | undefined;
  /** Named in `hosts` without being the object's own: whose they are is for others to say. */
  readonly foreignHosts: readonly string[];
}

interface Asking {
  readonly object: KubeObject;
  /** None while the object is not ours. */
  readonly claims: readonly TlsClaim[];
}

const NONE: readonly TlsClaim[] = [];

/** The claims of all objects, followed from change to change. An object that can not be read asks for nothing. */
export class TlsClaimIndex {
  readonly #options: ConvertOptions;
  readonly #classObjects = new Map<string, KubeObject>();
  #classes: Classes = { controllers: new Map(), defaults: [] };
  /** Objects that have claims, by kind and key. */
  readonly #asking = new Map<string, Asking>();

  constructor(options: ConvertOptions) {
    this.#options = options;
  }

  /** All of them, those of the oldest objects first. */
  get claims(): readonly TlsClaim[] {
    // Without a time it was not created yet, for all that is known.
    const aged = [...this.#asking].map(([name, { object, claims }]) => ({
      age: `${object.metadata.creationTimestamp ?? "~"} ${name}`,
      claims,
    }));
    return aged.toSorted((left, right) => (left.age < right.age ? -1 : 1)).flatMap(({ claims }) => claims);
  }

  /** Answers whether other claims are made than before. */
  apply(changes: Iterable<ObjectChange>): boolean {
    let isOther = false;
    let hasOtherClasses = false;
    for (const { kind, key, object } of changes) {
      if (kind === "IngressClass") {
        hasOtherClasses = true;
        if (object === undefined) this.#classObjects.delete(key);
        else this.#classObjects.set(key, object);
      }
      if (kind === "Ingress" || kind === "RouteGroup") isOther = this.#put(`${kind} ${key}`, object) || isOther;
    }
    if (!hasOtherClasses) return isOther;
    this.#classes = readClasses(this.#classObjects, () => {});
    for (const [name, { object }] of this.#asking) isOther = this.#put(name, object) || isOther;
    return isOther;
  }

  #put(name: string, object: KubeObject | undefined): boolean {
    const before = this.#asking.get(name);
    const made = object === undefined ? NONE : readClaims(object);
    const claims = object !== undefined && made.length > 0 && this.#isServed(object) ? made : NONE;
    if (object === undefined || made.length === 0) this.#asking.delete(name);
    else this.#asking.set(name, { object, claims });
    return (
      !isDeepStrictEqual(before?.claims ?? NONE, claims) ||
      (claims.length > 0 && before?.object.metadata.creationTimestamp !== object?.metadata.creationTimestamp)
    );
  }

  #isServed(object: KubeObject): boolean {
    const meta = readMeta(object);
    if (object.kind === "RouteGroup") return isServedRouteGroup({ meta }, this.#options);
    const className = new Fields(object, "").optionalObject("spec")?.optionalString("ingressClassName");
    return isServedIngress({ meta, className }, this.#classes, this.#options);
  }
}

function readClaims(object: KubeObject): readonly TlsClaim[] {
  try {
    return claimsOf(object);
  } catch {
    return NONE; // told where its routes are made
  }
}

function claimsOf(object: KubeObject): readonly TlsClaim[] {
  const spec = new Fields(object, "").optionalObject("spec");
  if (spec?.has("tls") !== true) return [];
  const kind = object.kind === "RouteGroup" ? "RouteGroup" : "Ingress";
  const { namespace, name } = readMeta(object);
  const own =
    kind === "RouteGroup" ? spec.strings("hosts") : spec.list("rules", (item, path) => new Fields(item, path).optionalString("host"));
  const ownHosts = own.filter((host) => host !== undefined && host !== "").map((host) => `${host}`.toLowerCase());
  const takesAll = spec.has("defaultBackend") || ownHosts.length < own.length || own.length === 0;
  return spec
    .list("tls", (item, place) => {
      const fields = new Fields(item, place);
      const listed = fields.strings("hosts").map((host, at) => readHost(host, `${fields.place("hosts")}[${at}]`));
      return {
        owner: { kind, namespace, name } as const,
        place,
        secret: `${namespace}/${fields.optionalString("secretName") ?? ""}`,
        ...(listed.length === 0
          ? { hosts: takesAll ? undefined : ownHosts, foreignHosts: [] }
          : takesAll
            ? { hosts: listed, foreignHosts: [] }
            : narrowed(listed, ownHosts)),
      };
    })
    .filter(({ secret }) => !secret.endsWith("/"));
}

function narrowed(listed: readonly string[], own: readonly string[]): Pick<TlsClaim, "hosts" | "foreignHosts"> {
  const hosts = new Set<string>();
  const foreignHosts: string[] = [];
  for (const host of listed) {
    const common = own.map((one) => commonHost(host, one)).filter((both) => both !== undefined);
    for (const both of common) hosts.add(both);
    if (common.length === 0) foreignHosts.push(host);
  }
  return { hosts: [...hosts], foreignHosts };
}

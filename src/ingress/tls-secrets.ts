import type { KubeObject } from "../kube/index.ts";
import { commonHost } from "../x509/index.ts";
import { Fields } from "./fields.ts";
import { isServedIngress, isServedRouteGroup, readClasses } from "./ingress-class.ts";
import { readHost, readMeta } from "./kube-objects.ts";
import type { ConvertOptions } from "./options.ts";
import type { ObjectProblem, World } from "./world.ts";

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

/** All of them, those of the oldest objects first. An object that can not be read asks for nothing. */
export function tlsClaimsOf(
  world: Pick<World, "ingresses" | "routeGroups" | "ingressClasses">,
  options: ConvertOptions,
): readonly TlsClaim[] {
  const classes = readClasses(world.ingressClasses, () => {});
  const found: { readonly age: string; readonly claims: readonly TlsClaim[] }[] = [];
  const each = (objects: ReadonlyMap<string, KubeObject>, isServed: (object: KubeObject) => boolean): void => {
    for (const [key, object] of objects) {
      try {
        const claims = claimsOf(object);
        // Without a time it was not created yet, for all that is known.
        if (claims.length > 0 && isServed(object)) found.push({ age: `${object.metadata.creationTimestamp ?? "~"} ${key}`, claims });
      } catch {
        // Told where its routes are made.
      }
    }
  };
  each(world.ingresses, (object) => {
    const className = new Fields(object, "").optionalObject("spec")?.optionalString("ingressClassName");
    return isServedIngress({ meta: readMeta(object), className }, classes, options);
  });
  each(world.routeGroups, (object) => isServedRouteGroup({ meta: readMeta(object) }, options));
  return found.toSorted((left, right) => (left.age < right.age ? -1 : 1)).flatMap(({ claims }) => claims);
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

import type { KubeObject } from "../kube/index.ts";
import type { Conversion } from "./conversion.ts";
import { convertIngress } from "./convert-ingress.ts";
import { convertRouteGroup, holdHosts } from "./convert-route-group.ts";
import type { ConvertedObject, Said } from "./converted-object.ts";
import { type Classes, isServedIngress, isServedRouteGroup } from "./ingress-class.ts";
import { type Meta, readIngress } from "./kube-objects.ts";
import type { Owner } from "./owner.ts";
import { type RouteGroupObject, readGroupHosts, readRouteGroup } from "./route-group.ts";

/** Adds the object's routes if it is ours. Throws AppError `INGRESS_…` when it cannot be used. */
export function convertObject(kind: ConvertedObject["kind"], object: KubeObject, classes: Classes, conversion: Conversion): Said {
  return kind === "Ingress" ? fromIngress(object, classes, conversion) : fromRouteGroup(object, conversion);
}

function fromIngress(object: KubeObject, classes: Classes, conversion: Conversion): Said {
  const { options } = conversion;
  const ingress = readIngress(object);
  const said = { owner: ownerOf("Ingress", ingress.meta), className: ingress.className };
  if (!isSelected(ingress.meta, options.ingressSelector) || !isServedIngress(ingress, classes, options)) return notServed(said);
  const complete = convertIngress(conversion, ingress);
  const hosts = ingress.rules
    .filter(({ host, paths }) => host !== "" && paths.length > 0)
    .map(({ host }) => [host, complete.has(host)] as const);
  return { ...said, isServed: true, hosts: new Map(hosts) };
}

function fromRouteGroup(object: KubeObject, conversion: Conversion): Said {
  const { options } = conversion;
  let group: RouteGroupObject;
  try {
    group = readRouteGroup(object);
  } catch (thrown) {
    const held = options.dropUnreadable ? undefined : hostsOf(object);
    if (held === undefined) throw thrown;
    const said = { owner: ownerOf("RouteGroup", held.meta), className: undefined };
    if (!isServedRouteGroup(held, options)) return notServed(said);
    holdHosts(conversion, held, thrown);
    return { ...said, isServed: true, hosts: new Map() };
  }
  const said = { owner: ownerOf("RouteGroup", group.meta), className: undefined };
  if (!isServedRouteGroup(group, options)) return notServed(said);
  const complete = convertRouteGroup(conversion, group);
  return { ...said, isServed: true, hosts: new Map(group.hosts.map((host) => [host, complete.has(host)])) };
}

function notServed(said: Pick<Said, "owner" | "className">): Said {
  return { ...said, isServed: false, hosts: new Map() };
}

function ownerOf(kind: ConvertedObject["kind"], meta: Meta): Owner {
  return { kind, meta };
}

function hostsOf(object: KubeObject): ReturnType<typeof readGroupHosts> | undefined {
  try {
    return readGroupHosts(object);
  } catch {
    return undefined; // the error that led here says more
  }
}

/** Whether the labels are those that the options select; all are where they select none. */
export function isSelected(meta: Meta, selector: ReadonlyMap<string, string>): boolean {
  return [...selector].every(([key, value]) => meta.labels.get(key) === value);
}

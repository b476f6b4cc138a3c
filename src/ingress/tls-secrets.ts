import type { KubeObject } from "../kube/index.ts";
import { Fields } from "./fields.ts";
import { isServedIngress, isServedRouteGroup, readClasses } from "./ingress-class.ts";
import { readMeta } from "./kube-objects.ts";
import type { ConvertOptions } from "./options.ts";
import type { World } from "./world.ts";

/**
 * The Secrets whose certificates the Ingresses and RouteGroups that are ours ask for (`spec.tls[].secretName`), as `namespace/name`, with one
 * who asks, as `Ingress namespace/name`. An object that can not be read asks for nothing.
 */
export function tlsSecretsOf(
  world: Pick<World, "ingresses" | "routeGroups" | "ingressClasses">,
  options: ConvertOptions,
): ReadonlyMap<string, string> {
  const classes = readClasses(world.ingressClasses, () => {});
  const secrets = new Map<string, string>();
  const each = (objects: ReadonlyMap<string, KubeObject>, isServed: (object: KubeObject) => boolean): void => {
    for (const [key, object] of objects) {
      try {
        const names = secretNames(object);
        if (names.length === 0 || !isServed(object)) continue;
        for (const name of names) secrets.set(`${readMeta(object).namespace}/${name}`, `${object.kind} ${key}`);
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
  return secrets;
}

function secretNames(object: KubeObject): readonly string[] {
  const spec = new Fields(object, "").optionalObject("spec");
  if (spec?.has("tls") !== true) return [];
  return spec.list("tls", (item, path) => new Fields(item, path).optionalString("secretName") ?? "").filter((name) => name !== "");
}

import type { KubeObject } from "../kube/index.ts";
import type { Registry } from "../route/index.ts";
import type { Converted } from "./converted.ts";
import { IncrementalConversion } from "./incremental-conversion.ts";
import type { ConvertOptions } from "./options.ts";
import type { ObjectChange, World } from "./world.ts";

/** What {@link IncrementalConversion} makes of all objects of a world at once. Pure: the same world gives the same result, whatever the order of its maps. */
export function convert(world: World, options: ConvertOptions, registry?: Registry): Converted {
  const conversion = new IncrementalConversion(options, registry);
  conversion.apply(objectsOf(world));
  return conversion.converted;
}

function* objectsOf(world: World): Generator<ObjectChange> {
  const kinds: readonly (readonly [ObjectChange["kind"], ReadonlyMap<string, KubeObject> | undefined])[] = [
    ["IngressClass", world.ingressClasses],
    ["Service", world.services],
    ["EndpointSlice", world.endpointSlices],
    ["WithdrawnEndpointSlice", world.withdrawnEndpointSlices],
    ["Ingress", world.ingresses],
    ["RouteGroup", world.routeGroups],
  ];
  for (const [kind, objects] of kinds) for (const [key, object] of objects ?? []) yield { kind, key, object };
}

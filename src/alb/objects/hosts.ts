import { Fields, readHost } from "../../ingress/index.ts";
import type { KubeObject } from "../../kube/index.ts";

/** The hosts of an Ingress or RouteGroup, of its rules and of `spec.tls`: lower case, sorted, each once. Throws AppError `INGRESS_FIELD`. */
export function readHosts(object: KubeObject): readonly string[] {
  const spec = new Fields(object, "").object("spec");
  const own =
    object.kind === "RouteGroup"
      ? spec.strings("hosts").map((host, at) => ({ host, path: `spec.hosts[${at}]` }))
      : spec.list("rules", (item, path) => ({ host: new Fields(item, path).optionalString("host") ?? "", path: `${path}.host` }));
  const secured = spec.list("tls", (item, path) =>
    new Fields(item, path).strings("hosts").map((host, at) => ({ host, path: `${path}.hosts[${at}]` })),
  );
  const hosts = [...own, ...secured.flat()].filter(({ host }) => host !== "").map(({ host, path }) => readHost(host, path));
  return [...new Set(hosts)].toSorted();
}

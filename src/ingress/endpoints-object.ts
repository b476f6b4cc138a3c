import type { KubeObject } from "../kube/index.ts";
import { Fields } from "./fields.ts";
import { readMeta } from "./kube-objects.ts";

/**
 * The EndpointSlices that say what an object of the older kind Endpoints says, as the cluster's own mirroring controller would write
 * them. For files only: in a cluster the slices are there. Throws AppError `INGRESS_FIELD`.
 */
export function endpointSliceOf(object: KubeObject): readonly KubeObject[] {
  const { namespace, name, labels } = readMeta(object);
  return new Fields(object, "").list("subsets", (item, path) => {
    const subset = new Fields(item, path);
    const read = (list: string, ready: boolean): readonly object[] =>
      subset.list(list, (address, place) => {
        const ip = new Fields(address, place).string("ip");
        return { addresses: [ip], conditions: { ready } };
      });
    const ports = subset.list("ports", (port, place) => {
      const fields = new Fields(port, place);
      return { name: fields.optionalString("name") ?? "", port: fields.optionalInteger("port", 1, 65_535) };
    });
    const slice = {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: {
        namespace,
        name: `${name}-${/[0-9]+/.exec(path)?.[0] ?? "0"}`,
        labels: { ...Object.fromEntries(labels), "kubernetes.io/service-name": name },
      },
      addressType: "IPv4",
      ports,
      endpoints: [...read("addresses", true), ...read("notReadyAddresses", false)],
    };
    return slice;
  });
}

import type { KubeObject } from "../../kube/index.ts";
import { readHosts } from "./hosts.ts";
import { readStatusHosts } from "./status-hosts.ts";

/** The hosts of objects by the host names in their statuses, each once. */
export function visitsOf(objects: readonly KubeObject[]): ReadonlyMap<string, readonly string[]> {
  const visits = new Map<string, Set<string>>();
  for (const object of objects)
    for (const name of orNone(() => readStatusHosts(object))) {
      const hosts = visits.get(name) ?? new Set();
      visits.set(name, hosts);
      for (const host of orNone(() => readHosts(object))) hosts.add(host);
    }
  return new Map([...visits].map(([name, hosts]) => [name, [...hosts]]));
}

/** A version that cannot be read is refused, and told as such; the one before it counts. */
function orNone(read: () => readonly string[]): readonly string[] {
  try {
    return read();
  } catch {
    return [];
  }
}

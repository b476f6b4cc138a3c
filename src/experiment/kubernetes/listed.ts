import type { KubeClient, KubeObject, ListOptions, Resource } from "../../kube/index.ts";
import type { JsonObject } from "../document/json.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";

/** An object of the API, as far as experiments read it. */
export interface ClusterObject extends KubeObject {
  readonly spec?: JsonObject;
  readonly status?: JsonObject;
}

/** All objects that are selected. An error is an error, and one that cannot be read is not left out without a word. */
export async function listed(client: KubeClient, resource: Resource, options: ListOptions): Promise<readonly ClusterObject[]> {
  const { items, poisoned } = await client.list<ClusterObject>(resource, options);
  const broken = poisoned[0];
  if (broken !== undefined) throw new ActivityFailed(`${resource.plural} ${broken.key ?? ""} cannot be read: ${broken.problem}`);
  return items;
}

/** The selectors of a list, without those that are not given. */
export function selecting(namespace: string | undefined, labelSelector?: string, fieldSelector?: string): ListOptions {
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
}

import { experimentKinds } from "../../kubernetes/kinds.ts";
import { type ClusterObject, listed, selecting } from "../../kubernetes/listed.ts";
import type { AliasCall } from "../python-function.ts";

/** The pods of a namespace, with these labels where a selector is given (`list_namespaced_pod`). */
export async function podsOf(call: AliasCall, namespace: string, labelSelector: string | undefined): Promise<readonly ClusterObject[]> {
  return listed(await call.client(), experimentKinds.pods, selecting(namespace, labelSelector));
}

import { type KubeObject, objectKey } from "../../kube/index.ts";

/** `namespace/name`, or `name` of what has no namespace: what work queues and caches go by. */
export function keyOf(object: KubeObject): string {
  return objectKey(object.metadata);
}

/** Name and, where there is one, namespace: the reverse of {@link keyOf}. */
export function refOf(key: string): { readonly name: string; readonly namespace?: string } {
  const slash = key.indexOf("/");
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

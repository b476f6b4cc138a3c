import { AppError } from "../../kernel/index.ts";
import { type KubeClient, type KubeObject, type Resource, kinds } from "../../kube/index.ts";

/** Makes an object, or gives it the wanted content if it is there. @throws AppError KUBE_*, LAB_UNKNOWN_KIND */
export async function applyObject(client: KubeClient, object: KubeObject): Promise<void> {
  const { name, namespace } = object.metadata;
  const ref = namespace === undefined ? { name } : { name, namespace };
  await client.patch(resourceOf(object), ref, { type: "apply", body: object, force: true }, { fieldManager: "lab" });
}

/** The resource that an object belongs to, of those the lab makes. */
function resourceOf(object: KubeObject): Resource {
  const found = Object.values(kinds).find(
    (kind) => kind.kind === object.kind && object.apiVersion === (kind.group === "" ? kind.version : `${kind.group}/${kind.version}`),
  );
  if (found === undefined) throw new AppError("LAB_UNKNOWN_KIND", `the lab does not know ${object.apiVersion} ${object.kind}`);
  return found;
}

import { AppError } from "../kernel/index.ts";
import type { KubeClient, ListOptions } from "./client-api.ts";
import type { KubeList } from "./decode.ts";
import { type KubeObject, type Resource, collectionPath } from "./resource.ts";

/** One list out of its pages; all must be of one revision, else KUBE_INCONSISTENT_LIST. */
export async function listAllPages<T extends KubeObject>(
  listPage: KubeClient["listPage"],
  resource: Resource,
  listOptions: ListOptions = {},
): Promise<KubeList<T>> {
  const first = await listPage<T>(resource, listOptions);
  if (first.continueToken === "") return first;
  const items = [...first.items];
  const poisoned = [...first.poisoned];
  const tokens = new Set<string>();
  for (let token = first.continueToken; token !== "";) {
    const where = `GET ${collectionPath(resource, listOptions.namespace)}`;
    if (tokens.has(token))
      throw new AppError("KUBE_INCONSISTENT_LIST", `${where}: the server sent the same continue token twice`, { retry: "idempotent" });
    tokens.add(token);
    const page = await listPage<T>(resource, { ...listOptions, continueToken: token });
    if (page.resourceVersion !== first.resourceVersion) {
      throw new AppError(
        "KUBE_INCONSISTENT_LIST",
        `${where}: pages of one list have revisions ${first.resourceVersion} and ${page.resourceVersion}`,
        { retry: "idempotent" },
      );
    }
    items.push(...page.items);
    poisoned.push(...page.poisoned);
    token = page.continueToken;
  }
  return { items, poisoned, resourceVersion: first.resourceVersion, continueToken: "" };
}

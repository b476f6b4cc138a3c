import type { CompleteConfig } from "./config.ts";
import type { Core, WriteOptions } from "./core.ts";
import { create } from "./create.ts";
import type { JsonObject } from "./json.ts";

const NAMESPACES = ["default", "kube-node-lease", "kube-public", "kube-system"];

const BY_SERVER: WriteOptions = { dryRun: false, manager: "kube-apiserver", force: false, fieldValidation: "Ignore", warn() {} };

/** Makes what every cluster starts with, where it is not there yet. */
export async function bootstrap(core: Core, _config: CompleteConfig): Promise<void> {
  const namespaces = core.registry.find("", "v1", "namespaces");
  if (namespaces === undefined) return;
  for (const name of NAMESPACES) {
    if (core.store.get("namespaces", name) !== undefined) continue;
    const namespace: JsonObject = {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name, labels: { "kubernetes.io/metadata.name": name } },
    };
    await create(core, namespaces, undefined, namespace, BY_SERVER);
  }
}

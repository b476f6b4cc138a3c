import { AppError } from "../../kernel/index.ts";
import { type KubeObject, type Resource, kinds } from "../../kube/index.ts";
import { type Controller, createController } from "../machinery/index.ts";
import type { ControllerContext } from "./context.ts";

const LOOK_AGAIN_MS = 500;

interface Namespace extends KubeObject {
  readonly spec?: { readonly finalizers?: readonly string[] };
}

/** Empties namespaces that are being deleted, and lets them go when nothing is left in them (page "Namespaces"). */
export function startNamespaceController(context: ControllerContext): Controller {
  const { caches, client } = context;
  // What makes other objects goes before what it makes.
  const makers: readonly Resource[] = [kinds.cronJobs, kinds.deployments, kinds.daemonSets, kinds.replicaSets, kinds.jobs, kinds.services];
  const namespaced = [...makers, ...Object.values(kinds).filter((resource) => resource.namespaced && !makers.includes(resource))];

  const reconcile = async (name: string): Promise<void> => {
    const namespace: Namespace | undefined = caches.namespaces.get(name);
    if (namespace?.metadata.deletionTimestamp === undefined) return;
    let left = 0;
    for (const resource of namespaced) left += await empty(resource, name);
    if (left > 0) {
      controller.enqueueAfter(name, LOOK_AGAIN_MS);
      return;
    }
    const finalizers = (namespace.spec?.finalizers ?? []).filter((each) => each !== "kubernetes");
    await client
      .replace(kinds.namespaces, { ...namespace, spec: { ...namespace.spec, finalizers } } as KubeObject, { subresource: "finalize" })
      .catch((error: unknown) => {
        if (!(error instanceof AppError) || error.code !== "KUBE_NOT_FOUND") throw error;
      });
  };

  /** Deletes all objects of a kind; answers how many were still there. */
  const empty = async (resource: Resource, namespace: string): Promise<number> => {
    try {
      const { items } = await client.listPage(resource, { namespace, limit: 1 });
      if (items.length > 0) await client.deleteCollection(resource, { namespace, propagationPolicy: "Background" });
      return items.length;
    } catch (error) {
      // A kind that this cluster does not serve holds nothing.
      if (error instanceof AppError && (error.code === "KUBE_NO_SUCH_PATH" || error.code === "KUBE_NOT_FOUND")) return 0;
      throw error;
    }
  };

  const controller = createController({ name: "namespace", workers: 1, reads: [caches.namespaces], reconcile }, context);
  caches.namespaces.subscribe((namespace) => {
    if (namespace.metadata.deletionTimestamp !== undefined) controller.enqueue(namespace.metadata.name);
  });
  return controller;
}

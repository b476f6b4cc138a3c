import { AppError } from "../../kernel/index.ts";
import { type KubeObject, type Resource, kinds } from "../../kube/index.ts";
import { type Controller, type Informer, createController, keyOf, refOf } from "../machinery/index.ts";
import { isPodFinished } from "../objects/index.ts";
import type { Caches, ControllerContext } from "./context.ts";
import { ignoreGone } from "./deployment.ts";

const ABSENT_REMEMBERED = 2048;
const UNSYNCED_WAIT_MS = 500;
const LOST_NODE_MS = 60_000;

/** Owners of these kinds are looked up; what anybody else owns is left alone. */
const OWNER_KINDS = new Map<string, Resource>(
  Object.values(kinds).map((resource) => [
    `${resource.group === "" ? "" : `${resource.group}/`}${resource.version}/${resource.kind}`,
    resource,
  ]),
);

/**
 * Deletes what has no owner any more, and works off deletions in foreground and orphaning (page "Garbage Collection"). That an owner is gone counts only when the
 * API server says so of that very name: an owner missing from a copy proves nothing. Also takes away pods of nodes that are gone.
 */
export function startGarbageCollector(context: ControllerContext): Controller {
  const { caches, client, clock } = context;
  const informers = collected(caches);
  const byKind = new Map(informers.map((informer) => [informer.resource.plural, informer]));
  const absent = new Set<string>();
  const nodeLostAtMs = new Map<string, number>();

  const reconcile = async (key: string): Promise<void> => {
    const at = key.indexOf(" ");
    const informer = byKind.get(key.slice(0, at));
    const object = informer?.get(key.slice(at + 1));
    if (informer === undefined || object === undefined) return;
    if (object.metadata.deletionTimestamp !== undefined) {
      // Whether all dependents are known is known only while all copies are whole. An owner that is gone is proved by asking.
      if (informers.some(({ synced }) => !synced)) return controller.enqueueAfter(key, UNSYNCED_WAIT_MS);
      await workOffFinalizers(informer, object);
      return;
    }
    if (informer === (caches.pods as unknown)) await dropFromLostNode(key.slice(at + 1));
    const owners = object.metadata.ownerReferences ?? [];
    if (owners.length === 0) return;
    for (const owner of owners) if (!(await isGone(object, owner))) return;
    await client
      .delete(informer.resource, refOf(keyOf(object)), {
        propagationPolicy: "Background",
        preconditions: { uid: object.metadata.uid ?? "" },
      })
      .catch(ignoreGone);
  };

  /** Whether the API server says that this owner is not there, or waits in the foreground for its dependents to go. */
  const isGone = async (object: KubeObject, owner: NonNullable<KubeObject["metadata"]["ownerReferences"]>[number]): Promise<boolean> => {
    if (absent.has(owner.uid)) return true;
    const resource = OWNER_KINDS.get(`${owner.apiVersion}/${owner.kind}`);
    if (resource === undefined) return false;
    const { namespace } = object.metadata;
    const known = informers
      .find((informer) => informer.resource.plural === resource.plural)
      ?.get(resource.namespaced ? `${namespace ?? ""}/${owner.name}` : owner.name);
    if (known?.metadata.uid === owner.uid) return isForeground(known);
    try {
      const found = await client.get(resource, {
        name: owner.name,
        ...(resource.namespaced && namespace !== undefined ? { namespace } : {}),
      });
      if (found.metadata.uid === owner.uid) return isForeground(found);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "KUBE_NOT_FOUND") throw error;
    }
    absent.add(owner.uid);
    if (absent.size > ABSENT_REMEMBERED) for (const uid of [...absent].slice(0, ABSENT_REMEMBERED / 2)) absent.delete(uid);
    return true;
  };

  const workOffFinalizers = async (informer: Informer<KubeObject>, object: KubeObject): Promise<void> => {
    const finalizers = object.metadata.finalizers ?? [];
    const uid = object.metadata.uid ?? "";
    const dependents = informers.flatMap((each) => each.byIndex("owner", uid).map((dependent) => ({ informer: each, dependent })));
    if (finalizers.includes("orphan")) {
      for (const { informer: its, dependent } of dependents) {
        const ownerReferences = (dependent.metadata.ownerReferences ?? []).filter((owner) => owner.uid !== uid);
        const metadata = { ownerReferences, resourceVersion: dependent.metadata.resourceVersion };
        await client
          .patch(its.resource, refOf(keyOf(dependent)), { type: "merge", body: { metadata } })
          .then((patched) => its.observe(patched));
      }
      return dropFinalizer(informer, object, "orphan");
    }
    if (!finalizers.includes("foregroundDeletion")) return;
    for (const { informer: its, dependent } of dependents) {
      if (dependent.metadata.deletionTimestamp !== undefined) continue;
      await client
        .delete(its.resource, refOf(keyOf(dependent)), {
          propagationPolicy: "Foreground",
          preconditions: { uid: dependent.metadata.uid ?? "" },
        })
        .catch(ignoreGone);
    }
    const blocking = dependents.some(({ dependent }) =>
      dependent.metadata.ownerReferences?.some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true),
    );
    if (!blocking) await dropFinalizer(informer, object, "foregroundDeletion");
  };

  const dropFinalizer = async (informer: Informer<KubeObject>, object: KubeObject, finalizer: string): Promise<void> => {
    const finalizers = (object.metadata.finalizers ?? []).filter((each) => each !== finalizer);
    const metadata = { finalizers, resourceVersion: object.metadata.resourceVersion };
    await client.patch(informer.resource, refOf(keyOf(object)), { type: "merge", body: { metadata } });
  };

  /** Nobody will ever end a pod whose node was deleted. */
  const dropFromLostNode = async (key: string): Promise<void> => {
    const pod = caches.pods.get(key);
    const name = pod?.spec.nodeName;
    if (pod === undefined || name === undefined || name === "") return;
    if (caches.nodes.get(name) !== undefined) {
      nodeLostAtMs.delete(name);
      return;
    }
    const sinceMs = nodeLostAtMs.get(name) ?? clock.monoMs();
    nodeLostAtMs.set(name, sinceMs);
    const leftMs = sinceMs + LOST_NODE_MS - clock.monoMs();
    if (leftMs > 0) return controller.enqueueAfter(`pods ${key}`, leftMs);
    const nodeIsGone = await client.get(kinds.nodes, { name }).then(
      () => false,
      (error: unknown) => error instanceof AppError && error.code === "KUBE_NOT_FOUND",
    );
    if (nodeIsGone)
      await client
        .delete(kinds.pods, refOf(key), { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid ?? "" } })
        .catch(ignoreGone);
  };

  const controller = createController({ name: "garbagecollector", workers: 16, reads: [], reconcile }, context);
  for (const informer of informers) {
    const idOf = (object: KubeObject): string => `${informer.resource.plural} ${keyOf(object)}`;
    informer.subscribe((object, before, isOver) => {
      const { uid = "", ownerReferences, deletionTimestamp, finalizers } = object.metadata;
      if (!isOver) {
        const isNew = before === undefined && (ownerReferences ?? []).length > 0;
        if (isNew || (deletionTimestamp !== undefined && (finalizers ?? []).length > 0)) controller.enqueue(idOf(object));
      } else {
        for (const other of informers)
          for (const dependent of other.byIndex("owner", uid)) controller.enqueue(`${other.resource.plural} ${keyOf(dependent)}`);
        // An owner that waits in the foreground for this one.
        for (const owner of ownerReferences ?? []) {
          for (const other of informers) {
            const waiting = other.get(`${object.metadata.namespace ?? ""}/${owner.name}`);
            if (waiting?.metadata.uid === owner.uid && waiting.metadata.deletionTimestamp !== undefined)
              controller.enqueue(`${other.resource.plural} ${keyOf(waiting)}`);
          }
        }
      }
    });
  }
  caches.nodes.subscribe((node, _before, isOver) => {
    if (isOver)
      for (const pod of caches.pods.byIndex("node", node.metadata.name)) if (!isPodFinished(pod)) controller.enqueue(`pods ${keyOf(pod)}`);
  });
  return controller;
}

function collected(caches: Caches): readonly Informer<KubeObject>[] {
  const { pods, replicaSets, deployments, daemonSets, jobs, cronJobs, services, endpointSlices } = caches;
  return [pods, replicaSets, deployments, daemonSets, jobs, cronJobs, services, endpointSlices];
}

function isForeground(owner: KubeObject): boolean {
  return owner.metadata.deletionTimestamp !== undefined && (owner.metadata.finalizers ?? []).includes("foregroundDeletion");
}

import type { Resource } from "../../../kube/index.ts";
import { type Json, type JsonObject, objectAt, textAt } from "../../document/json.ts";
import { experimentKinds } from "../../kubernetes/kinds.ts";
import { listed, selecting } from "../../kubernetes/listed.ts";
import { differenceOf } from "../../kubernetes/merge-patch.ts";
import { prepareCreate, prepareDelete } from "../../kubernetes/object-faults.ts";
import { type ObjectPlace, objectIfThere, titleOf } from "../../kubernetes/object-place.ts";
import { preparePatch } from "../../kubernetes/patch-fault.ts";
import { ActivityFailed } from "../../provider/activity-failed.ts";
import type { Given } from "../given.ts";
import type { AliasCall } from "../python-function.ts";
import { manifestIn } from "./manifest-file.ts";

function placeOf(resource: Resource, name: string, namespace: string): ObjectPlace {
  return { resource, ref: { name, ...(resource.namespaced ? { namespace } : {}) } };
}

const createOf = (place: ObjectPlace): string => `create of ${titleOf(place)}`;

/** Makes an object of a manifest, in this namespace whatever the manifest says. */
export async function create(call: AliasCall, resource: Resource, namespace: string, body: JsonObject): Promise<null> {
  const place = placeOf(resource, textAt(objectAt(body, "metadata"), "name") ?? "", namespace);
  const cluster = await call.cluster();
  await call.inject(await prepareCreate(cluster, place, body, { kind: "objects/create", label: createOf(place) }));
  return null;
}

/** Deletes an object; one that this run made is taken away as what it is. */
export async function remove(call: AliasCall, resource: Resource, name: string, namespace: string): Promise<null> {
  const place = placeOf(resource, name, namespace);
  if (await call.putBack(({ label }) => label === createOf(place))) return null;
  await call.inject(await prepareDelete(await call.cluster(), place, { kind: "objects/delete", label: `delete of ${titleOf(place)}` }));
  return null;
}

/** Deletes by name, else by labels, else all of the namespace. */
export async function removeSelected(given: Given, call: AliasCall, resource: Resource): Promise<null> {
  const name = given.optionalText("name");
  const namespace = given.text("ns");
  const field = name === undefined ? undefined : `metadata.name=${name}`;
  const labels = name === undefined ? given.optionalText("label_selector") : undefined;
  const found = await listed(await call.client(), resource, selecting(namespace, labels, field));
  for (const { metadata } of found) await remove(call, resource, metadata.name, namespace);
  return null;
}

export async function createFromFile(given: Given, call: AliasCall, resource: Resource): Promise<null> {
  return create(call, resource, given.text("ns"), manifestIn(given.text("spec_path")));
}

/** Patches as the package's client does (strategic merge); what it changes is asked for first, so that it can be put back. */
export async function update(call: AliasCall, resource: Resource, name: string, namespace: string, body: Json): Promise<null> {
  const place = placeOf(resource, name, namespace);
  const cluster = await call.cluster();
  const before = await cluster.client.get(resource, place.ref);
  const after = await cluster.client.patch(resource, place.ref, { type: "strategic", body }, { dryRun: true });
  const patch = differenceOf(wanted(before), wanted(after));
  await call.inject(await preparePatch(cluster, { kind: "objects/patch", label: `patch of ${titleOf(place)}`, place, patch }));
  return null;
}

/** Of an object what its owner says, without what the server keeps. */
function wanted(object: object): JsonObject {
  const { metadata, spec, data } = object as { metadata: JsonObject; spec?: JsonObject; data?: JsonObject };
  const kept = { labels: metadata["labels"] ?? {}, annotations: metadata["annotations"] ?? {} };
  return { metadata: kept, ...(spec === undefined ? {} : { spec }), ...(data === undefined ? {} : { data }) };
}

export async function scale(given: Given, call: AliasCall, resource: Resource): Promise<null> {
  const place = placeOf(resource, given.text("name"), given.text("ns"));
  const replicas = given.number("replicas");
  const label = (to: number): string => `scale of ${titleOf(place)} to ${to}`;
  const cluster = await call.cluster();
  if ((await objectIfThere(cluster.client, place)) === undefined)
    throw new ActivityFailed(`failed to scale '${place.ref.name}' to ${replicas} replicas: there is none`);
  const patch = { spec: { replicas } };
  await call.inject(await preparePatch(cluster, { kind: "deployments/scale", label: label(replicas), place, patch }));
  return null;
}

/** A rollout that has begun is not put back: that would be another one. */
export async function rollout(given: Given, call: AliasCall): Promise<null> {
  const place = placeOf(experimentKinds.deployments, given.text("name"), given.text("ns"));
  const annotations = { "kubectl.kubernetes.io/restartedAt": new Date(call.clock.wallMs()).toISOString() };
  const patch = { spec: { template: { metadata: { annotations } } } };
  const label = `restart of ${titleOf(place)}`;
  const cluster = await call.cluster();
  if ((await objectIfThere(cluster.client, place)) === undefined)
    throw new ActivityFailed(`failed to rollout the deployment '${place.ref.name}'! Error: there is none`);
  const fault = await preparePatch(cluster, { kind: "deployments/rollout-restart", label, place, patch });
  await call.inject({ ...fault, undo: null });
  return null;
}

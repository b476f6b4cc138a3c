import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { messageOf } from "../../kernel/index.ts";
import { type Json, type JsonObject, isList, isObject, textAt, written } from "../document/json.ts";
import type { ArgumentProblem, ArgumentRules } from "../native/argument-rules.ts";
import type { NativeActivity, NativeCall } from "../native/native-activity.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { placeOfTarget } from "./cluster-place.ts";
import { findResource, placeOfManifest } from "./find-resource.ts";
import { differenceOf } from "./merge-patch.ts";
import { prepareCreate, prepareDelete } from "./object-faults.ts";
import { type ObjectPlace, objectIfThere, titleOf } from "./object-place.ts";
import { preparePatch } from "./patch-fault.ts";
import { SECONDS, lasting } from "./seconds.ts";

const ADDRESS: ArgumentRules = {
  apiVersion: { type: "string", required: true, summary: "apps/v1, v1" },
  kind: { type: "string", required: true, summary: "Deployment, ConfigMap" },
  namespace: { type: "string", summary: "of a kind that has namespaces" },
  name: { type: "string", required: true, summary: "its name" },
};

async function placeIn(given: JsonObject, call: NativeCall): Promise<ObjectPlace> {
  const resource = await findResource(call.target.kube(), textAt(given, "apiVersion") ?? "", textAt(given, "kind") ?? "", call.signal);
  const namespace = textAt(given, "namespace");
  if (resource.namespaced && namespace === undefined) throw new ActivityFailed(`a ${resource.kind} is in a namespace: give namespace`);
  return { resource, ref: { name: textAt(given, "name") ?? "", ...(resource.namespaced && namespace !== undefined ? { namespace } : {}) } };
}

const get: NativeActivity = {
  name: "objects/get",
  does: "probe",
  summary: "an object as the API server has it, for a jsonpath tolerance; null when there is none",
  arguments: ADDRESS,
  async run(given, call) {
    return ((await objectIfThere(call.target.kube(), await placeIn(given, call), call.signal)) ?? null) as unknown as Json;
  },
};

function manifestIn(given: JsonObject): JsonObject {
  const file = textAt(given, "file");
  let manifest: Json;
  try {
    manifest = file === undefined ? (given["manifest"] ?? null) : (parse(readFileSync(file, "utf8"), { maxAliasCount: 100 }) as Json);
  } catch (error) {
    throw new ActivityFailed(`${file ?? ""} cannot be read: ${messageOf(error)}`);
  }
  if (!isObject(manifest)) throw new ActivityFailed(`${file ?? "manifest"} is no object`);
  return manifest;
}

function checkManifest(given: JsonObject, open: ReadonlySet<string> = new Set()): readonly ArgumentProblem[] {
  const { manifest, file } = given;
  if (open.size === 0 && (manifest === undefined) === (file === undefined))
    return [
      { argument: "", message: manifest === undefined ? "there is nothing to make" : "there are two", mend: "give manifest or file" },
    ];
  if (isObject(manifest) && (textAt(manifest, "apiVersion") === undefined || textAt(manifest, "kind") === undefined))
    return [{ argument: "manifest", message: "it says no apiVersion and kind", mend: "write a whole manifest" }];
  return [];
}

const create: NativeActivity = {
  name: "objects/create",
  does: "action",
  summary: "makes an object; it is deleted at the end",
  arguments: {
    manifest: { type: "object", summary: "the object" },
    file: { type: "string", summary: "a JSON or YAML file that holds it, instead" },
    ...SECONDS,
  },
  check: checkManifest,
  async run(given, call) {
    const manifest = manifestIn(given);
    const place = await placeOfManifest(call.target.kube(), manifest, call.signal);
    const naming = { kind: "objects/create", label: `create of ${titleOf(place)}` };
    return (await call.faults.inject(await prepareCreate(placeOfTarget(call.target), place, manifest, naming), lasting(given))).output;
  },
};

const remove: NativeActivity = {
  name: "objects/delete",
  does: "action",
  summary: "deletes an object; it is made again at the end, without its status",
  arguments: {
    ...ADDRESS,
    ...SECONDS,
    gracePeriodSeconds: { type: "integer", least: 0, summary: "seconds that it gets; the kind's own when left out" },
  },
  async run(given, call) {
    const place = await placeIn(given, call);
    const grace = typeof given["gracePeriodSeconds"] === "number" ? { gracePeriodSeconds: given["gracePeriodSeconds"] } : {};
    const fault = { kind: "objects/delete", label: `delete of ${titleOf(place)}`, ...grace };
    return (await call.faults.inject(await prepareDelete(placeOfTarget(call.target), place, fault), lasting(given))).output;
  },
};

const patch: NativeActivity = {
  name: "objects/patch",
  does: "action",
  summary: "changes fields of an object; they get back what they had, unless somebody has changed them since",
  arguments: {
    ...ADDRESS,
    ...SECONDS,
    patch: { type: "any", required: true, summary: "the patch" },
    type: { type: "string", choices: ["merge", "strategic", "json"], default: "merge", summary: "how it is to be read" },
  },
  check: ({ patch: given, type }) =>
    given !== undefined && (type === "json") !== isList(given)
      ? [
          {
            argument: "patch",
            message: `it is no ${written(type)} patch`,
            mend: type === "json" ? "write a list of operations" : "write an object",
          },
        ]
      : [],
  async run(given, call) {
    const cluster = placeOfTarget(call.target);
    const place = await placeIn(given, call);
    const type = given["type"] === "json" || given["type"] === "strategic" ? given["type"] : "merge";
    // The server says what would change, whatever the kind of patch: that can be put back.
    const before = await cluster.client.get(place.resource, place.ref, { signal: call.signal });
    const after = await cluster.client.patch(
      place.resource,
      place.ref,
      { type, body: given["patch"] },
      { dryRun: true, signal: call.signal },
    );
    const change = differenceOf(withoutServers(before), withoutServers(after));
    if (Object.keys(change).length === 0) throw new ActivityFailed(`the patch changes nothing of ${titleOf(place)}`);
    const fault = { kind: "objects/patch", label: `patch of ${titleOf(place)}`, place, patch: change };
    return (await call.faults.inject(await preparePatch(cluster, fault), lasting(given))).output;
  },
};

/** What the server itself writes is no part of the change. */
function withoutServers(object: object): JsonObject {
  const { metadata, status: _status, ...rest } = object as { metadata: JsonObject; status?: Json } & JsonObject;
  const { managedFields: _fields, resourceVersion: _version, generation: _generation, ...kept } = metadata;
  return { ...rest, metadata: kept };
}

export const objectActivities: readonly NativeActivity[] = [get, create, remove, patch];

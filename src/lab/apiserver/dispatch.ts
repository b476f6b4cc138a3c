import { isAllowed, reviewAccess } from "./access.ts";
import { mediaTypeOf, parseBody, readBody } from "./body.ts";
import type { Call } from "./call.ts";
import type { Answer, WriteOptions } from "./core.ts";
import { bindPod, create } from "./create.ts";
import { proxyLogs } from "./logs.ts";
import { changeScale, scaleOf } from "./scale.ts";
import { type Json, type JsonObject, arrayAt, objectAt } from "./json.ts";
import { patch } from "./patch.ts";
import { getObject, listObjects, readSelection } from "./read.ts";
import { readDeleteOptions, remove, removeCollection } from "./remove.ts";
import { type Form, negotiateForm, presentList, presentObject, rowObject } from "./representation.ts";
import type { RequestTarget } from "./request-info.ts";
import type { ResourceType } from "./resource-type.ts";
import { both, type Predicate } from "./selectors.ts";
import { badRequest, forbidden, methodNotAllowed, notInTheLab, pageNotFound, pathNotFound } from "./status.ts";
import { type Target, replace } from "./update.ts";
import { serveWatch } from "./watch.ts";

export type ResourceTarget = Extract<RequestTarget, { kind: "resource" }>;

/** What a pod of a real cluster has besides. */
const NOT_IN_THE_LAB: ReadonlySet<string> = new Set(["attach", "exec", "portforward", "proxy"]);

/** The verb of a request in the words of Kubernetes authorisation, also the label of its metrics. */
export function verbOf(method: string, target: ResourceTarget, query: URLSearchParams): string {
  const watches = query.get("watch") === "true" || query.get("watch") === "1";
  switch (method) {
    case "GET":
    case "HEAD":
      if (watches && (target.name === undefined || target.subresource === undefined)) return "watch";
      return target.name === undefined ? "list" : "get";
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return "patch";
    case "DELETE":
      return target.name === undefined ? "deletecollection" : "delete";
    default:
      throw methodNotAllowed();
  }
}

/** Finds the kind and checks that the user may. Throws 403 and 404. */
export function admit(call: Pick<Call, "core" | "user">, target: ResourceTarget, verb: string): ResourceType {
  const type = call.core.registry.find(target.group, target.version, target.plural);
  if (type === undefined)
    throw call.core.registry.all().some((other) => other.group === target.group && other.version === target.version)
      ? pathNotFound()
      : pageNotFound();
  const plural = target.subresource === undefined ? target.plural : `${target.plural}/${target.subresource}`;
  if (!isAllowed(call.user, { verb, group: target.group, plural })) {
    const where = target.namespace === undefined ? "at the cluster scope" : `in the namespace "${target.namespace}"`;
    throw forbidden(
      type,
      target.name ?? "",
      `User "${call.user.name}" cannot ${verb} resource "${plural}" in API group "${target.group}" ${where}`,
    );
  }
  if (target.namespace !== undefined && !type.namespaced) throw pathNotFound();
  return type;
}

/** Serves one request for objects. Answers undefined when the answer was streamed. */
export async function dispatch(
  call: Call,
  target: ResourceTarget,
  type: ResourceType,
  verb: string,
): Promise<{ code: number; json: string } | undefined> {
  const form = negotiateForm(call.request.headers.accept);
  if (!type.stored && verb !== "create") throw methodNotAllowed();
  if (verb === "watch") {
    const named = target.name === undefined ? undefined : nameIs(target.name);
    const selection = readSelection(type, target.namespace, call.query);
    const selects = named === undefined ? selection.selects : both(selection.selects, named);
    const presentation = { form, rows: rowObject(call.query), nowMs: call.core.clock.wallMs() };
    serveWatch(
      call.core,
      type,
      { selection: { ...selection, selects }, query: call.query, presentation, bookmarkMs: call.config.bookmarkMs },
      call.response,
      call.signal,
    );
    return undefined;
  }
  if (verb === "list") {
    const list = listObjects(call.core, type, readSelection(type, target.namespace, call.query), call.query);
    return { code: 200, json: JSON.stringify(presentList(list, type, presentation(call, form))) };
  }
  if (type.plural === "pods" && NOT_IN_THE_LAB.has(target.subresource ?? "")) throw notInTheLab(target.subresource ?? "");
  if (target.subresource !== undefined && !(type.subresources as readonly string[]).includes(target.subresource)) throw pathNotFound();
  if (target.subresource === "log") {
    if (verb !== "get" || target.namespace === undefined || target.name === undefined) throw methodNotAllowed();
    await proxyLogs(call, getObject(call.core, type, target.namespace, target.name));
    return undefined;
  }
  const answer = await writeOrGet(call, target, type, verb);
  return {
    code: answer.code,
    json:
      form === "whole" && answer.json !== undefined
        ? answer.json
        : JSON.stringify(presentObject(answer.object, type, presentation(call, form))),
  };
}

function presentation(call: Call, form: Form): { form: Form; rows: "Metadata" | "Object" | "None"; nowMs: number } {
  return { form, rows: rowObject(call.query), nowMs: call.core.clock.wallMs() };
}

function nameIs(name: string): Predicate {
  return (object) => objectAt(object, "metadata")?.["name"] === name;
}

async function writeOrGet(call: Call, target: ResourceTarget, type: ResourceType, verb: string): Promise<Answer> {
  const { core, query } = call;
  const { namespace, name, subresource } = target;
  if (verb === "get") {
    if (name === undefined) throw methodNotAllowed();
    const object = getObject(core, type, namespace, name);
    return { code: 200, object: subresource === "scale" ? scaleOf(object, type) : object };
  }
  const media = mediaTypeOf(call.request);
  const body = parseBody(await readBody(call.request, call.config.maxBodyBytes), media, core.decodeProtobuf);
  if (verb === "create") {
    if (name !== undefined) return createSubresource(call, target, type, body);
    if (type.kind === "SelfSubjectAccessReview" && !type.stored) return { code: 201, object: reviewAccess(call.user, body) };
    return create(core, type, namespace, body, writeOptions(call, body));
  }
  if (verb === "delete" && name !== undefined) return remove(core, type, namespace, name, readDeleteOptions(body, query));
  if (verb === "deletecollection") {
    const selection = readSelection(type, namespace, query);
    const removed = await removeCollection(core, type, namespace, selection.selects, readDeleteOptions(body, query));
    return {
      code: 200,
      object: presentList(
        { items: removed, metadata: { resourceVersion: String(core.store.revision()) } },
        type,
        presentation(call, "whole"),
      ),
    };
  }
  if (name === undefined || (verb !== "update" && verb !== "patch")) throw methodNotAllowed();
  const options = writeOptions(call, body);
  if (subresource === "scale") return changeScale(core, { type, namespace, name }, body, verb === "update" ? undefined : media, options);
  if (subresource !== undefined && subresource !== "status" && subresource !== "finalize") throw methodNotAllowed();
  const what: Target = { type, namespace, name, subresource };
  return verb === "update" ? replace(core, what, body, options) : patch(core, what, body, media, options);
}

async function createSubresource(call: Call, target: ResourceTarget, type: ResourceType, body: Json | undefined): Promise<Answer> {
  const { namespace, name = "", subresource } = target;
  if (subresource === "binding" && namespace !== undefined) return bindPod(call.core, type, namespace, name, body);
  if (subresource === "eviction" && namespace !== undefined) {
    // No PodDisruptionBudget is served, so nothing forbids an eviction.
    await remove(call.core, type, namespace, name, readDeleteOptions(objectAt(body, "deleteOptions"), call.query));
    return { code: 201, object: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 } };
  }
  throw methodNotAllowed();
}

/** Reads the options that all writes share. Throws 400. */
export function writeOptions(call: Call, body: Json | undefined): WriteOptions {
  const { query } = call;
  const dryRun = query.getAll("dryRun").filter((value) => value !== "");
  if (dryRun.some((value) => value !== "All") || arrayAt(body, "dryRun").length > 0) throw badRequest("dryRun: the only value is All");
  const validation = query.get("fieldValidation") ?? "Warn";
  if (validation !== "Ignore" && validation !== "Warn" && validation !== "Strict")
    throw badRequest("fieldValidation must be Ignore, Warn or Strict");
  return {
    dryRun: dryRun.length > 0,
    manager: query.get("fieldManager") ?? (call.request.headers["user-agent"] ?? "unknown").split("/")[0] ?? "unknown",
    force: query.get("force") === "true",
    fieldValidation: validation,
    warn(message) {
      call.response.appendHeader("warning", `299 - ${JSON.stringify(message)}`);
    },
  };
}

/** The object of a Status answer to a request for a path outside the kinds. */
export type OtherAnswer = { readonly code: number; readonly contentType: string; readonly body: string | Buffer };

export function jsonAnswer(object: JsonObject): OtherAnswer {
  return { code: 200, contentType: "application/json", body: JSON.stringify(object) };
}

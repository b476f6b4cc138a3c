import type { JsonObject } from "./json.ts";

/** Names a resource in messages: `deployments.apps`, `pods`. */
export interface GroupResource {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
}

/** One field that is wrong (`metav1.StatusCause`). */
export interface Cause {
  /** Such as `FieldValueRequired`, `FieldValueInvalid`. */
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/** An answer that is an error: carries the `Status` object that is sent (page "Kubernetes API Concepts"). */
export class StatusError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: JsonObject | undefined;
  constructor(code: number, reason: string, message: string, details?: JsonObject) {
    super(message);
    this.name = "StatusError";
    this.code = code;
    this.reason = reason;
    this.details = details;
  }
}

/** The `Status` object of an error, as sent. */
export function statusBody(error: StatusError): JsonObject {
  const body: JsonObject = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: error.message,
    reason: error.reason,
  };
  if (error.details !== undefined) body["details"] = error.details;
  body["code"] = error.code;
  return body;
}

function qualified(resource: GroupResource): string {
  return resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
}

function detailsOf(resource: GroupResource, name: string): JsonObject {
  return { name, ...(resource.group === "" ? {} : { group: resource.group }), kind: resource.plural };
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, "BadRequest", message);
}

export function unauthorized(): StatusError {
  return new StatusError(401, "Unauthorized", "Unauthorized");
}

export function forbidden(resource: GroupResource, name: string, why: string): StatusError {
  const named = name === "" ? "" : ` "${name}"`;
  return new StatusError(403, "Forbidden", `${qualified(resource)}${named} is forbidden: ${why}`, detailsOf(resource, name));
}

export function notFound(resource: GroupResource, name: string): StatusError {
  return new StatusError(404, "NotFound", `${qualified(resource)} "${name}" not found`, detailsOf(resource, name));
}

/** A path that names nothing this server serves. */
export function pathNotFound(): StatusError {
  return new StatusError(404, "NotFound", "the server could not find the requested resource", {});
}

/** What a kubelet would have to do and the lab's does not. */
export function notInTheLab(subresource: string): StatusError {
  const message = `the lab has no ${subresource}: its pods are processes of this machine; ask its address (kubectl get pods -o wide) or look at its process`;
  return new StatusError(501, "NotImplemented", message, {});
}

/** A path below no group version that is served: plain text, as kube-apiserver's mux answers it. */
export function pageNotFound(): StatusError {
  return new StatusError(404, "", "404 page not found");
}

export function methodNotAllowed(): StatusError {
  return new StatusError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {});
}

export function notAcceptable(): StatusError {
  return new StatusError(
    406,
    "NotAcceptable",
    "only the following media types are accepted: application/json, application/json;as=Table;v=v1;g=meta.k8s.io, application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
    {},
  );
}

export function alreadyExists(resource: GroupResource, name: string): StatusError {
  return new StatusError(409, "AlreadyExists", `${qualified(resource)} "${name}" already exists`, detailsOf(resource, name));
}

export function conflict(resource: GroupResource, name: string, why: string): StatusError {
  return new StatusError(
    409,
    "Conflict",
    `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`,
    detailsOf(resource, name),
  );
}

export const MODIFIED = "the object has been modified; please apply your changes to the latest version and try again";

/** A resourceVersion or continue token from before the window that is kept. */
export function expired(message: string): StatusError {
  return new StatusError(410, "Expired", message);
}

export function entityTooLarge(limitBytes: number): StatusError {
  return new StatusError(413, "RequestEntityTooLarge", `Request entity too large: limit is ${limitBytes}`, {});
}

export function unsupportedMediaType(supported: readonly string[]): StatusError {
  return new StatusError(
    415,
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${supported.join(", ")}`,
    {},
  );
}

export function invalid(resource: GroupResource, name: string, causes: readonly Cause[]): StatusError {
  const kind = resource.group === "" ? resource.kind : `${resource.kind}.${resource.group}`;
  const lines = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const text = lines.length === 1 ? (lines[0] ?? "") : `[${lines.join(", ")}]`;
  return new StatusError(422, "Invalid", `${kind} "${name}" is invalid: ${text}`, {
    name,
    ...(resource.group === "" ? {} : { group: resource.group }),
    kind: resource.kind,
    causes: causes.map(({ reason, message, field }) => ({ reason, message, field })),
  });
}

/** `retryAfterSeconds` is sent as Retry-After too. */
export function tooManyRequests(message: string, retryAfterSeconds: number): StatusError {
  return new StatusError(429, "TooManyRequests", message, { retryAfterSeconds });
}

export function internalError(message: string): StatusError {
  return new StatusError(500, "InternalError", `Internal error occurred: ${message}`, { causes: [{ message }] });
}

/** A read asked for a revision that this server has not reached (client-go knows it by the cause). */
export function tooLargeResourceVersion(wanted: number, current: number): StatusError {
  return new StatusError(504, "Timeout", `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
    retryAfterSeconds: 1,
  });
}

/** `field: Required value: detail`. */
export function required(field: string, detail = ""): Cause {
  return { reason: "FieldValueRequired", message: detail === "" ? "Required value" : `Required value: ${detail}`, field };
}

/** `field: Invalid value: value: detail`. */
export function invalidValue(field: string, value: unknown, detail: string): Cause {
  return { reason: "FieldValueInvalid", message: `Invalid value: ${JSON.stringify(value)}: ${detail}`, field };
}

/** `field: Unsupported value: value: supported values: ...`. */
export function notSupported(field: string, value: unknown, supported: readonly string[]): Cause {
  return {
    reason: "FieldValueNotSupported",
    message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported.map((item) => `"${item}"`).join(", ")}`,
    field,
  };
}

/** `field: Forbidden: detail`. */
export function forbiddenField(field: string, detail: string): Cause {
  return { reason: "FieldValueForbidden", message: `Forbidden: ${detail}`, field };
}

/** `field: Duplicate value: value`. */
export function duplicate(field: string, value: unknown): Cause {
  return { reason: "FieldValueDuplicate", message: `Duplicate value: ${JSON.stringify(value)}`, field };
}

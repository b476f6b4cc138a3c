import type { Clock, Random } from "../../kernel/index.ts";
import type { Log } from "../../telemetry/index.ts";
import type { JsonObject } from "./json.ts";
import type { ProtobufDecoder } from "./protobuf-body.ts";
import type { Registry } from "./registry.ts";
import type { ResourceType, WriteContext } from "./resource-type.ts";
import type { Store } from "./store.ts";

/** What the verbs work on. */
export interface Core {
  readonly store: Store;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly serviceCidr: string;
  readonly decodeProtobuf: ProtobufDecoder;
}

/** Who asks. */
export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

/** What a write is told besides its object. */
export interface WriteOptions {
  readonly dryRun: boolean;
  /** The field manager: `fieldManager`, or the program's name in User-Agent. */
  readonly manager: string;
  /** Server-side apply takes fields over that another manager owns. */
  readonly force: boolean;
  readonly fieldValidation: "Ignore" | "Warn" | "Strict";
  /** Adds a Warning header to the answer. */
  warn(message: string): void;
}

/** One object, a list, or a Status, on its way to the client. */
export interface Answer {
  readonly code: number;
  readonly object: JsonObject;
  /** The object as JSON, where it is there already. */
  readonly json?: string;
}

/** RFC 3339 with seconds, as Kubernetes writes `metav1.Time`. */
export function timestamp(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 19)}Z`;
}

export function writeContext(core: Core): WriteContext {
  return { now: timestamp(core.clock.wallMs()), serviceCidr: core.serviceCidr, list: (collection) => core.store.list(collection) };
}

/** The Status that answers a delete or a subresource that has no object to show. */
export function success(code: number, type: ResourceType, name: string, uid?: string): Answer {
  const details: JsonObject = { name, ...(type.group === "" ? {} : { group: type.group }), kind: type.plural };
  if (uid !== undefined) details["uid"] = uid;
  return {
    code,
    object: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", ...(code === 200 ? { details } : { code }) },
  };
}

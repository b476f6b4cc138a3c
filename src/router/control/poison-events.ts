import { createHash } from "node:crypto";

import { type Clock, messageOf } from "../../kernel/index.ts";
import { type KubeClient, type KubeObject, kinds, objectKey } from "../../kube/index.ts";
import type { Log } from "../../telemetry/index.ts";

/** Tells the owner of an object, by an Event on it, that it is not served as written. Best effort: it never waits and never fails. */
export interface PoisonEvents {
  /** Remembers the object, so that an Event can name it. */
  seen(object: KubeObject): void;
  tell(kind: string, key: string, problem: string): void;
}

const REMEMBERED = 1_000;
const MESSAGE_LIMIT = 1_000;

/** `reporter` is the node's or machine's name. */
export function createPoisonEvents(client: KubeClient, reporter: string, deps: { readonly clock: Clock; readonly log: Log }): PoisonEvents {
  const objects = new Map<string, KubeObject>();
  const told = new Map<string, string>();
  return {
    seen(object) {
      remember(objects, `${object.kind} ${objectKey(object.metadata)}`, object);
    },
    tell(kind, key, problem) {
      const name = `${kind} ${key}`;
      const object = objects.get(name);
      const version = `${object?.metadata.resourceVersion ?? ""} ${problem}`;
      if (object?.metadata.namespace === undefined || told.get(name) === version) return;
      remember(told, name, version);
      const event = eventFor(object, object.metadata.namespace, problem, reporter, new Date(deps.clock.wallMs()).toISOString());
      client.create(kinds.events, event, { timeoutMs: 5_000, priority: "low" }).catch((error: unknown) => {
        deps.log.debug({ object: name, reason: messageOf(error) }, "event cannot be written");
      });
    },
  };
}

/** All routers of a cluster see the same problem: with a name made of it they write one Event together, not one each. */
function eventFor(object: KubeObject, namespace: string, problem: string, reporter: string, now: string): KubeObject {
  const { name, uid, resourceVersion } = object.metadata;
  const hash = createHash("sha256").update(`${uid} ${resourceVersion} ${problem}`).digest("hex").slice(0, 16);
  const event = {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: `${name.slice(0, 200)}.${hash}`, namespace },
    involvedObject: { apiVersion: object.apiVersion, kind: object.kind, namespace, name, ...(uid === undefined ? {} : { uid }) },
    type: "Warning",
    reason: "NotServedAsWritten",
    message: problem.slice(0, MESSAGE_LIMIT),
    source: { component: "holdfast-router", host: reporter },
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
    reportingComponent: "holdfast.dev/router",
    reportingInstance: reporter,
  };
  return event;
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > REMEMBERED && oldest !== undefined) map.delete(oldest);
}

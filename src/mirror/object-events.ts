import { createHash } from "node:crypto";

import { type Clock, messageOf } from "../kernel/index.ts";
import { type KubeClient, type KubeObject, kinds, objectKey } from "../kube/index.ts";
import type { Log } from "../telemetry/index.ts";

/** Tells the owner of an object something by an Event on it. Best effort: it never waits and never fails. */
export interface ObjectEvents {
  /** Remembers the object, so that an Event can name it. */
  seen(object: KubeObject): void;
  /** Tells it once of what the object asks for: a status that somebody writes, a controller's own too, is no reason to say it again. */
  tell(kind: string, key: string, event: ObjectEvent): void;
}

export interface ObjectEvent {
  /** `Warning` when left out. */
  readonly type?: "Normal" | "Warning";
  /** A word in CamelCase. */
  readonly reason: string;
  readonly message: string;
}

/** Who writes Events. */
export interface EventReporter {
  /** `holdfast-router` */
  readonly component: string;
  /** `holdfast.dev/router` */
  readonly controller: string;
  /** The node, pod or machine. */
  readonly instance: string;
}

export interface ObjectEventsDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Throws when this process may not write. */
  readonly guard?: () => void;
}

const REMEMBERED = 1_000;
const MESSAGE_LIMIT = 1_000;
/** What is wrong with everything at once is not told of everything at once: what comes on top is told when it is said again. */
const MOST_PER_MINUTE = 300;

export function createObjectEvents(client: KubeClient, reporter: EventReporter, { clock, log, guard }: ObjectEventsDeps): ObjectEvents {
  const objects = new Map<string, KubeObject>();
  const told = new Map<string, true>();
  let minute = -1;
  let toldInMinute = 0;
  const hasRoom = (): boolean => {
    const now = Math.floor(clock.monoMs() / 60_000);
    if (now !== minute) toldInMinute = 0;
    minute = now;
    return toldInMinute++ < MOST_PER_MINUTE;
  };
  return {
    seen(object) {
      remember(objects, `${object.kind} ${objectKey(object.metadata)}`, object, REMEMBERED);
    },
    tell(kind, key, event) {
      const name = `${kind} ${key}`;
      const object = objects.get(name);
      const version = `${name} ${object === undefined ? "" : asked(object)} ${event.reason} ${event.message}`;
      if (object?.metadata.namespace === undefined || told.has(version) || !hasRoom()) return;
      remember(told, version, true, 2 * REMEMBERED);
      const written = eventFor(object, object.metadata.namespace, event, reporter, new Date(clock.wallMs()).toISOString());
      const create = async (): Promise<unknown> => {
        guard?.();
        return client.create(kinds.events, written, { timeoutMs: 5_000, priority: "low" });
      };
      create().catch((error: unknown) => {
        log.debug({ object: name, reason: messageOf(error) }, "event cannot be written");
      });
    },
  };
}

/**
 * Which version of what an object asks for this is: `metadata.generation` goes on with its spec only, not with its status (API conventions, "Metadata").
 * A change of annotations that mends nothing has the same problem.
 */
function asked({ metadata: { uid, generation, resourceVersion } }: KubeObject): string {
  return `${uid ?? ""} ${generation ?? resourceVersion ?? ""}`;
}

/** All processes of a cluster see the same: with a name made of it they write one Event together, not one each. */
function eventFor(
  object: KubeObject,
  namespace: string,
  { type = "Warning", reason, message }: ObjectEvent,
  { component, controller, instance }: EventReporter,
  now: string,
): KubeObject {
  const { name, uid } = object.metadata;
  const hash = createHash("sha256")
    .update(`${asked(object)} ${reason} ${message}`)
    .digest("hex")
    .slice(0, 16);
  const event = {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: `${name.slice(0, 200)}.${hash}`, namespace },
    involvedObject: { apiVersion: object.apiVersion, kind: object.kind, namespace, name, ...(uid === undefined ? {} : { uid }) },
    type,
    reason,
    message: message.slice(0, MESSAGE_LIMIT),
    source: { component, host: instance },
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
    reportingComponent: controller,
    reportingInstance: instance,
  };
  return event;
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}

import type { Clock, Random } from "../../kernel/index.ts";
import { type KubeClient, type KubeEvidence, type KubeObject, type Resource, createReflector, objectKey } from "../../kube/index.ts";
import type { Log } from "../../telemetry/index.ts";

/**
 * A local copy of one kind, kept by list and watch, with indexes. Not for anything that must outlive the API server's mistakes: a
 * controller that believes the server is what the lab wants here, as in Kubernetes; what serves traffic uses `src/hold`.
 */
export interface Informer<T extends KubeObject> {
  readonly resource: Resource;
  /** Listed, and not known to be cut off since. */
  readonly synced: boolean;
  get(key: string): T | undefined;
  list(): Iterable<T>;
  readonly size: number;
  /** Called once for each object that came, changed or went; `before` is the copy until then. */
  subscribe(changed: (object: T, before: T | undefined, isGone: boolean) => void): void;
  /** Objects that the index files under `value`. */
  byIndex(index: string, value: string): readonly T[];
  /** What we wrote ourselves and were answered; ignored when the copy is already as new. */
  observe(object: T): void;
  start(): void;
  stop(): Promise<void>;
}

export interface InformerOptions<T> {
  readonly resource: Resource;
  readonly fieldSelector?: string;
  /** Under which values an object is filed, by index. */
  readonly indexes?: Readonly<Record<string, (object: T) => readonly string[]>>;
}

export interface InformerDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const GONE_REMEMBERED = 8192;

/** See {@link Informer}. */
export function createInformer<T extends KubeObject>(options: InformerOptions<T>, deps: InformerDeps): Informer<T> {
  const objects = new Map<string, T>();
  const indexes = new Map(
    Object.entries(options.indexes ?? {}).map(([name, of]) => [name, { of, sets: new Map<string, Map<string, T>>() }]),
  );
  const subscribers: ((object: T, before: T | undefined, isGone: boolean) => void)[] = [];
  // What went lately: the answer to a write of ours may arrive after the event of the object's end.
  const gone = new Set<string>();
  let isCutOff = true;

  const file = (key: string, object: T | undefined, before: T | undefined): void => {
    for (const { of, sets } of indexes.values()) {
      for (const value of before === undefined ? [] : of(before)) {
        const set = sets.get(value);
        set?.delete(key);
        if (set?.size === 0) sets.delete(value);
      }
      for (const value of object === undefined ? [] : of(object)) {
        const set = sets.get(value);
        if (set === undefined) sets.set(value, new Map([[key, object as T]]));
        else set.set(key, object as T);
      }
    }
  };

  const put = (key: string, object: T): void => {
    const before = objects.get(key);
    if (before?.metadata.resourceVersion !== undefined && before.metadata.resourceVersion === object.metadata.resourceVersion) return;
    objects.set(key, object);
    file(key, object, before);
    for (const changed of subscribers) changed(object, before, false);
  };

  const drop = (key: string): void => {
    const before = objects.get(key);
    if (before === undefined) return;
    objects.delete(key);
    file(key, undefined, before);
    gone.add(before.metadata.uid ?? "");
    if (gone.size > GONE_REMEMBERED) for (const uid of [...gone].slice(0, GONE_REMEMBERED / 2)) gone.delete(uid);
    for (const changed of subscribers) changed(before, before, true);
  };

  const take = (evidence: KubeEvidence<T>): void => {
    switch (evidence.kind) {
      case "complete": {
        const listed = new Set(evidence.items.map(({ key }) => key));
        for (const { key } of evidence.poisoned) if (key !== undefined) listed.add(key);
        isCutOff = false;
        // What we made after the list's revision is not missing from it.
        for (const [key, object] of objects) {
          if (!listed.has(key) && !(Number(object.metadata.resourceVersion) > Number(evidence.revision))) drop(key);
        }
        for (const { key, value } of evidence.items) put(key, value);
        return;
      }
      case "upsert":
        put(evidence.key, evidence.value);
        return;
      case "delete":
        drop(evidence.key);
        return;
      case "live":
        isCutOff = false;
        return;
      case "failed":
        isCutOff = true;
        return;
      case "poisoned":
      case "absent":
    }
  };

  const reflector = createReflector<T>(
    {
      resource: options.resource,
      decode: (object) => object as T,
      backoff: { baseMs: 300, capMs: 5000 },
      ...(options.fieldSelector === undefined ? {} : { fieldSelector: options.fieldSelector }),
    },
    { client: deps.client, clock: deps.clock, random: deps.random, log: deps.log, sink: take },
  );

  return {
    resource: options.resource,
    get synced() {
      return !isCutOff;
    },
    get: (key) => objects.get(key),
    list: () => objects.values(),
    get size() {
      return objects.size;
    },
    subscribe(changed) {
      subscribers.push(changed);
    },
    byIndex: (index, value) => [...(indexes.get(index)?.sets.get(value)?.values() ?? [])],
    observe(object) {
      const { uid = "", resourceVersion } = object.metadata;
      const key = objectKey(object.metadata);
      if (gone.has(uid)) return;
      const before = objects.get(key);
      // Revisions are compared as numbers (KEP-5504); anything else waits for the watch.
      if (before !== undefined && !(Number(resourceVersion) > Number(before.metadata.resourceVersion))) return;
      put(key, object);
    },
    start: () => reflector.start(),
    stop: () => reflector.stop(),
  };
}

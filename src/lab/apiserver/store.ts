import { DatabaseSync, type StatementSync } from "node:sqlite";
import { AppError, messageOf } from "../../kernel/index.ts";
import { EventWindow, type StoreEvent } from "./event-window.ts";
import { type JsonObject, metadataOf } from "./json.ts";

/** What a write did: the object as stored (frozen by convention: nobody changes it) and its JSON, made once. */
export interface Written {
  readonly object: JsonObject;
  readonly json: string;
}

/** Inside a write: sees everything written before it, also what the same batch wrote. */
export interface Transaction {
  get(collection: string, key: string): JsonObject | undefined;
  /** Stores `object` under the next revision, which becomes its resourceVersion. */
  put(collection: string, key: string, object: JsonObject): Written;
  /** Removes the object; `last` is what watchers see in the DELETED event. */
  remove(collection: string, key: string, last: JsonObject): Written;
}

/** A live watch; `json` is the object of the event as already written, to save encoding it again. */
export type StoreListener = (event: StoreEvent, json: string) => void;

/**
 * All objects: in memory for reads, in SQLite for the time after a crash, and the last events for watches. A
 * `collection` is `plural.group`; a `key` is `namespace/name` or `name`.
 */
export interface Store {
  revision(): number;
  get(collection: string, key: string): JsonObject | undefined;
  /** Number of objects by collection. */
  counts(): ReadonlyMap<string, number>;
  /** The objects of a collection, sorted by key. */
  list(collection: string): readonly (readonly [string, JsonObject])[];
  /** The same as it was at `revision`; undefined when that is older than the events kept. */
  listAt(collection: string, revision: number): readonly (readonly [string, JsonObject])[] | undefined;
  /**
   * Runs `operation` with the next batch: all writes that wait are one SQLite transaction, and the promise settles
   * after its commit. An operation checks first and changes last; what it throws rejects its own promise only.
   */
  write<T>(operation: (transaction: Transaction) => T): Promise<T>;
  /** Events after `revision`, undefined when some of them are no longer kept. */
  eventsSince(collection: string, revision: number): readonly StoreEvent[] | undefined;
  /** Calls `listener` for every event from now on; returns what ends it. */
  subscribe(collection: string, listener: StoreListener): () => void;
  close(): void;
}

/** `file` is the database (`:memory:` for none), `windowEvents` how many events of each collection are kept for watches. */
export interface StoreOptions {
  readonly file: string;
  readonly windowEvents: number;
}

/** A write that waits: `run` answers how its promise is settled once the batch is on disk, `fail` settles it when the batch is not. */
interface Pending {
  readonly run: (transaction: Transaction) => () => void;
  readonly fail: (error: unknown) => void;
}

interface Change {
  readonly collection: string;
  readonly event: StoreEvent;
  readonly json: string;
}

/**
 * Opens or makes the database. WAL with synchronous=NORMAL: a commit survives kill -9 of this process, which is what
 * the lab does to it; a power cut may lose the last commits but not the consistency (SQLite page "PRAGMA synchronous").
 * Throws LAB_APISERVER_STORE.
 */
export function openStore(options: StoreOptions): Store {
  try {
    return new SqliteStore(options);
  } catch (error) {
    throw new AppError(
      "LAB_APISERVER_STORE",
      `${options.file}: cannot be opened as the API server's database (${messageOf(error)}); check the permissions, or remove it to start empty`,
      { cause: error },
    );
  }
}

class SqliteStore implements Store {
  readonly #database: DatabaseSync;
  readonly #upsert: StatementSync;
  readonly #delete: StatementSync;
  readonly #setRevision: StatementSync;
  readonly #objects = new Map<string, Map<string, JsonObject>>();
  readonly #sorted = new Map<string, readonly (readonly [string, JsonObject])[]>();
  readonly #windows = new Map<string, EventWindow>();
  readonly #listeners = new Map<string, Set<StoreListener>>();
  readonly #windowEvents: number;
  /** Watches from before this revision find no events: the window starts empty with the process. */
  readonly #bootRevision: number;
  #revision: number;
  #queue: Pending[] = [];
  #closed = false;

  constructor(options: StoreOptions) {
    this.#windowEvents = options.windowEvents;
    this.#database = new DatabaseSync(options.file);
    this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 2000;
      CREATE TABLE IF NOT EXISTS objects (collection TEXT NOT NULL, key TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (collection, key)) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS revision (id INTEGER PRIMARY KEY CHECK (id = 1), value INTEGER NOT NULL);
      INSERT OR IGNORE INTO revision VALUES (1, 1);`);
    this.#upsert = this.#database.prepare(
      "INSERT INTO objects VALUES (?, ?, ?) ON CONFLICT (collection, key) DO UPDATE SET data = excluded.data",
    );
    this.#delete = this.#database.prepare("DELETE FROM objects WHERE collection = ? AND key = ?");
    this.#setRevision = this.#database.prepare("UPDATE revision SET value = ? WHERE id = 1");
    this.#revision = Number(this.#database.prepare("SELECT value FROM revision WHERE id = 1").get()?.["value"] ?? 1);
    this.#bootRevision = this.#revision;
    for (const row of this.#database.prepare("SELECT collection, key, data FROM objects").iterate()) {
      this.#collection(String(row["collection"])).set(String(row["key"]), JSON.parse(String(row["data"])) as JsonObject);
    }
  }

  revision(): number {
    return this.#revision;
  }

  get(collection: string, key: string): JsonObject | undefined {
    return this.#objects.get(collection)?.get(key);
  }

  counts(): ReadonlyMap<string, number> {
    return new Map([...this.#objects].map(([collection, objects]) => [collection, objects.size]));
  }

  list(collection: string): readonly (readonly [string, JsonObject])[] {
    let sorted = this.#sorted.get(collection);
    if (sorted === undefined) {
      sorted = [...this.#collection(collection)].toSorted(([left], [right]) => (left < right ? -1 : 1));
      this.#sorted.set(collection, sorted);
    }
    return sorted;
  }

  listAt(collection: string, revision: number): readonly (readonly [string, JsonObject])[] | undefined {
    const later = this.eventsSince(collection, revision);
    if (later === undefined) return undefined;
    if (later.length === 0) return this.list(collection);
    const objects = new Map(this.#collection(collection));
    for (const event of later.toReversed()) {
      if (event.previous === undefined) objects.delete(event.key);
      else objects.set(event.key, event.previous);
    }
    return [...objects].toSorted(([left], [right]) => (left < right ? -1 : 1));
  }

  write<T>(operation: (transaction: Transaction) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#closed) {
        reject(new AppError("LAB_APISERVER_STORE", "the API server is closing; try again when it is back", { retry: "safe" }));
        return;
      }
      if (this.#queue.length === 0) setImmediate(() => this.#commitBatch());
      const run = (transaction: Transaction): (() => void) => {
        try {
          const result = operation(transaction);
          return () => resolve(result);
        } catch (error) {
          return () => reject(error);
        }
      };
      this.#queue.push({ run, fail: reject });
    });
  }

  eventsSince(collection: string, revision: number): readonly StoreEvent[] | undefined {
    return this.#window(collection).since(revision);
  }

  subscribe(collection: string, listener: StoreListener): () => void {
    let listeners = this.#listeners.get(collection);
    if (listeners === undefined) {
      listeners = new Set();
      this.#listeners.set(collection, listeners);
    }
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  close(): void {
    if (this.#closed) return;
    if (this.#queue.length > 0) this.#commitBatch();
    this.#closed = true;
    this.#database.close();
  }

  /** The whole batch runs without giving way to the event loop, so no reader sees what is not committed yet. */
  #commitBatch(): void {
    const operations = this.#queue;
    this.#queue = [];
    if (operations.length === 0 || this.#closed) return;
    const before = this.#revision;
    const changes: Change[] = [];
    const transaction = this.#transaction(changes);
    const settle: (() => void)[] = [];
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      for (const { run } of operations) settle.push(run(transaction));
      if (this.#revision !== before) this.#setRevision.run(this.#revision);
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#undo(changes, before);
      const failure = new AppError("LAB_APISERVER_STORE", `the database could not be written (${messageOf(error)}); check the disk`, {
        cause: error,
      });
      for (const { fail } of operations) fail(failure);
      return;
    }
    for (const change of changes) this.#publish(change);
    for (const done of settle) done();
  }

  #transaction(changes: Change[]): Transaction {
    return {
      get: (collection, key) => this.get(collection, key),
      put: (collection, key, object) => {
        const previous = this.get(collection, key);
        const json = this.#stamp(object);
        this.#upsert.run(collection, key, json);
        this.#collection(collection).set(key, object);
        this.#sorted.delete(collection);
        changes.push({
          collection,
          json,
          event: { type: previous === undefined ? "ADDED" : "MODIFIED", revision: this.#revision, key, object, previous },
        });
        return { object, json };
      },
      remove: (collection, key, last) => {
        const previous = this.get(collection, key);
        const json = this.#stamp(last);
        this.#delete.run(collection, key);
        this.#collection(collection).delete(key);
        this.#sorted.delete(collection);
        changes.push({ collection, json, event: { type: "DELETED", revision: this.#revision, key, object: last, previous } });
        return { object: last, json };
      },
    };
  }

  #stamp(object: JsonObject): string {
    this.#revision++;
    metadataOf(object)["resourceVersion"] = String(this.#revision);
    return JSON.stringify(object);
  }

  #undo(changes: readonly Change[], revision: number): void {
    try {
      this.#database.exec("ROLLBACK");
    } catch {
      // No transaction is open when BEGIN or COMMIT itself failed for good; memory is put back either way.
    }
    for (const { collection, event } of changes.toReversed()) {
      if (event.previous === undefined) this.#collection(collection).delete(event.key);
      else this.#collection(collection).set(event.key, event.previous);
      this.#sorted.delete(collection);
    }
    this.#revision = revision;
  }

  #publish({ collection, event, json }: Change): void {
    this.#window(collection).push(event);
    for (const listener of this.#listeners.get(collection) ?? []) listener(event, json);
  }

  #collection(collection: string): Map<string, JsonObject> {
    let objects = this.#objects.get(collection);
    if (objects === undefined) {
      objects = new Map();
      this.#objects.set(collection, objects);
    }
    return objects;
  }

  #window(collection: string): EventWindow {
    let window = this.#windows.get(collection);
    if (window === undefined) {
      window = new EventWindow(this.#windowEvents, this.#bootRevision);
      this.#windows.set(collection, window);
    }
    return window;
  }
}

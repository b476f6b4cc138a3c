import type { Pool } from "../route/index.ts";
import type { PoolChanges } from "./messages.ts";

/** The last change of each pool, and in which order they came. */
export class PoolLedger {
  readonly #entries = new Map<string, { readonly revision: number; readonly pool: Pool | undefined }>();
  #revision = 0;

  /** Of the last change. */
  get revision(): number {
    return this.#revision;
  }

  take({ changed, removed }: PoolChanges): void {
    this.#revision++;
    for (const pool of changed) this.#entries.set(pool.id, { revision: this.#revision, pool });
    for (const id of removed) this.#entries.set(id, { revision: this.#revision, pool: undefined });
  }

  /** What is new to somebody who knows the changes up to a revision; up to which one he knows what is gone may be another. */
  since(revision: number, removedRevision: number): PoolChanges {
    const changed: Pool[] = [];
    const removed: string[] = [];
    if (removedRevision === this.#revision && revision === this.#revision) return { changed, removed };
    for (const [id, { revision: at, pool }] of this.#entries) {
      if (pool === undefined) {
        if (at > removedRevision) removed.push(id);
      } else if (at > revision) changed.push(pool);
    }
    return { changed, removed };
  }

  /** Nobody will ask for what changed up to this revision. */
  forget(revision: number): void {
    for (const [id, entry] of this.#entries) if (entry.revision <= revision) this.#entries.delete(id);
  }
}

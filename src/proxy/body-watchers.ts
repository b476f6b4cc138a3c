import type { BodyWatcher } from "../route/index.ts";

const NONE: readonly BodyWatcher[] = [];

/** Who is shown one body after another. */
export class BodyWatchers {
  #all: readonly BodyWatcher[] = NONE;

  get isNone(): boolean {
    return this.#all.length === 0;
  }

  /** Forgets those of the body before. */
  clear(): void {
    this.#all = NONE;
  }

  /** Those that are among them already are not added again. */
  add(watchers: readonly BodyWatcher[]): void {
    if (watchers.length > 0) this.#all = [...new Set([...this.#all, ...watchers])];
  }

  take(buffer: Buffer, start: number, end: number): void {
    for (const watcher of this.#all) watcher.take(buffer.subarray(start, end));
  }

  end(): void {
    for (const watcher of this.#all) watcher.end?.();
  }

  cut(): void {
    for (const watcher of this.#all) watcher.cut?.();
  }
}

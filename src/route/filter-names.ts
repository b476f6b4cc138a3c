import type { Filter } from "./filter.ts";

/** What filters are called in their routes, for who has to tell of one. */
export class FilterNames {
  readonly #names = new WeakMap<Filter, string>();

  set(filter: Filter, name: string): void {
    this.#names.set(filter, name);
  }

  /** Empty when it was not set. */
  of(filter: Filter): string {
    return this.#names.get(filter) ?? "";
  }
}

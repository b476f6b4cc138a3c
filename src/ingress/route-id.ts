import { createHash } from "node:crypto";

/** A route id out of parts that may have any characters: what an id cannot have becomes `_`. */
export function idOf(parts: readonly string[]): string {
  return parts.join("__").replaceAll(/[^A-Za-z0-9_]/g, "_");
}

/**
 * Keeps ids apart: names that differ only in characters an id cannot have (`a.b` and `a-b`) would collide. The later
 * one gets a suffix made from its own name, so that it does not depend on how many others there are.
 */
export class RouteIds {
  readonly #taken = new Set<string>();

  /** `originOf` names the object and place the route is from. */
  take(id: string, originOf: () => string): string {
    if (!this.#taken.has(id)) {
      this.#taken.add(id);
      return id;
    }
    const origin = originOf();
    const other = `${id}_${createHash("sha256").update(origin).digest("hex").slice(0, 8)}`;
    return this.take(other, () => `${origin} `);
  }
}

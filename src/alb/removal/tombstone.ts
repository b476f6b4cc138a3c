import { TAGS } from "../plan/ownership.ts";

/**
 * The intent to take a load balancer away, in a tag on itself: it outlives this process and the cluster's store. `quarantined`: it serves, and is
 * watched. `deleting`: its deletion protection is about to be taken off, or is off.
 */
export interface Tombstone {
  readonly phase: "quarantined" | "deleting";
  readonly sinceWallMs: number;
  /** Fencing token of the leader that wrote it. */
  readonly token: number;
}

export function tombstoneTag({ phase, sinceWallMs, token }: Tombstone): ReadonlyMap<string, string> {
  return new Map([[TAGS.removal, `${phase} since ${new Date(sinceWallMs).toISOString()} token ${token}`]]);
}

/** Undefined without the tag. One that nobody can read says at least that its protection may be off. */
export function tombstoneIn(tags: ReadonlyMap<string, string>): Tombstone | undefined {
  const value = tags.get(TAGS.removal);
  if (value === undefined) return undefined;
  const [, phase, since = "", token] = /^(quarantined|deleting) since (\S+) token (\d+)$/.exec(value) ?? [];
  const sinceWallMs = Date.parse(since);
  if (phase !== "quarantined" || Number.isNaN(sinceWallMs))
    return { phase: "deleting", sinceWallMs: Number.isNaN(sinceWallMs) ? 0 : sinceWallMs, token: Number(token ?? 0) };
  return { phase, sinceWallMs, token: Number(token) };
}

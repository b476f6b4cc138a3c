import type { Evidence } from "../evidence.ts";

/** Two things that were read apart, as one: it is worth what the worse of them is, and as old as the older. */
export function both<A, B, T>(one: Evidence<A>, other: Evidence<B>, join: (one: A, other: B) => T): Evidence<T> {
  if (one.state === "unknown") return one;
  if (other.state === "unknown") return other;
  const value = join(one.value, other.value);
  const atMs = Math.min(one.atMs, other.atMs);
  if (one.state !== "fresh") return { state: one.state, value, atMs, why: one.why };
  if (other.state !== "fresh") return { state: other.state, value, atMs, why: other.why };
  return { state: "fresh", value, atMs };
}

/** The same evidence of something else. */
export function map<T, U>(evidence: Evidence<T>, change: (value: T) => U): Evidence<U> {
  return evidence.state === "unknown" ? evidence : { ...evidence, value: change(evidence.value) };
}

/** The same, not believed. */
export function doubted<T>(evidence: Evidence<T>, why: string): Evidence<T> {
  return evidence.state === "unknown" ? evidence : { state: "doubtful", value: evidence.value, atMs: evidence.atMs, why };
}

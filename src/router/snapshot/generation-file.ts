import { isRecord } from "../../kernel/index.ts";
import { type Delta, decodeDelta } from "../delta.ts";
import { foldGeneration } from "../fold-generation.ts";
import { type OpenGeneration, decodeGenerationHeader, openGeneration } from "../generation.ts";
import { checkPools, corrupt, parseJson } from "../generation-words.ts";
import type { PoolChanges } from "../messages.ts";
import { type Records, readRecords } from "./record.ts";

/** A record that follows a generation in its file: pools that changed, as JSON in a line, and then, where routes did too, the delta. */
export function encodeChange({ changed, removed }: PoolChanges, delta: string | undefined): string {
  return `${JSON.stringify({ changed, removed })}\n${delta ?? ""}`;
}

/**
 * The newest generation that is in a generation's file and not bad, with the pools that changed on it; undefined: all are bad.
 * Throws AppError `ROUTER_SNAPSHOT_CORRUPT` or `ROUTER_DELTA` when it cannot be read; what is at its end and not whole does not count.
 */
export function readGenerationFile(
  bytes: Buffer,
  isBad: (number: number) => boolean,
): { readonly generation: OpenGeneration | undefined; readonly rest: Records["rest"] } {
  const { texts, rest } = readRecords(bytes);
  const [whole, ...following] = texts;
  if (whole === undefined) throw corrupt(rest === "torn" ? "it is torn" : "it was altered, or another version wrote it");
  const changes = following.map(decodeChange);
  let { number, routesDigest } = decodeGenerationHeader(whole);
  let good = isBad(number) ? -1 : 0;
  for (const [at, { delta }] of changes.entries()) {
    if (delta !== undefined && delta.from !== routesDigest) break;
    if (delta !== undefined) ({ number, routesDigest } = delta.header);
    if (!isBad(number)) good = at + 1;
  }
  if (good < 0) return { generation: undefined, rest };
  const used = changes.slice(0, good);
  const deltas = used.flatMap(({ delta }) => delta ?? []);
  const pools = used.map((change) => change.pools);
  return { generation: openGeneration(foldGeneration(whole, deltas, pools)), rest };
}

function decodeChange(text: string): { readonly pools: PoolChanges; readonly delta: Delta | undefined } {
  const end = text.indexOf("\n");
  const pools = parseJson(text.slice(0, end));
  if (!isRecord(pools)) throw corrupt("a change in it is malformed");
  const removed: unknown = pools["removed"];
  if (!Array.isArray(removed) || !removed.every((id) => typeof id === "string")) throw corrupt("a change in it is malformed");
  const delta = text.slice(end + 1);
  return { pools: { changed: checkPools(pools["changed"]), removed }, delta: delta === "" ? undefined : decodeDelta(delta) };
}

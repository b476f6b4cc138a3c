import { type Delta, decodeDelta } from "./delta.ts";
import { generationHead, poolLine } from "./encode-generation.ts";
import { decodeGenerationHeader } from "./generation.ts";
import { corrupt, keyOf } from "./generation-words.ts";
import { type HeldGeneration, wayFromBase } from "./held-generation.ts";
import { LineDigest } from "./line-digest.ts";
import type { PoolChanges } from "./messages.ts";

/** A generation's text. Throws as {@link foldGeneration}. */
export function textOf(generation: HeldGeneration): string {
  const { base, deltas } = wayFromBase(generation);
  return foldGeneration(base.text, deltas.map(decodeDelta));
}

/**
 * The text of the generation that deltas and changes of pools, one after the other, make of another: for those who have neither. It costs what a generation
 * costs, however many they are. Throws AppError `ROUTER_DELTA` or `ROUTER_SNAPSHOT_CORRUPT` when they do not lead to where they say.
 */
export function foldGeneration(text: string, deltas: readonly Delta[], pools: readonly PoolChanges[] = []): string {
  if (deltas.length === 0 && pools.length === 0) return text;
  const before = decodeGenerationHeader(text);
  let header = before;
  const digest = new LineDigest(before.routesDigest);
  /** Keys of lines of the text that go, and lines that come in the end. */
  const gone = new Set<string>();
  const come = new Map<string, string>();
  for (const delta of deltas) {
    for (const { id } of delta.gone) if (!come.delete(keyOf(id))) gone.add(keyOf(id));
    for (const { id, line } of delta.come) come.set(keyOf(id), line);
    ({ header } = delta);
  }
  const lines: string[] = [];
  const start = text.indexOf("\n") + 1;
  const poolsStart = keepLines(text, start, before.routes, lines, (key, line) => {
    if (!gone.delete(key)) return true;
    digest.toggle(line());
    return false;
  });
  for (const line of come.values()) {
    digest.toggle(line);
    lines.push(line, "\n");
  }
  if (gone.size > 0 || digest.hex !== header.routesDigest) throw corrupt("its changes lead to other routes than they say");
  const changed = new Map<string, string | undefined>();
  for (const change of pools) {
    for (const id of change.removed) changed.set(keyOf(id), undefined);
    for (const pool of change.changed) changed.set(keyOf(pool.id), poolLine(pool));
  }
  let poolCount = before.pools;
  keepLines(text, poolsStart, before.pools, lines, (key) => {
    if (!changed.has(key)) return true;
    poolCount--;
    return false;
  });
  for (const line of changed.values()) {
    if (line === undefined) continue;
    poolCount++;
    lines.push(line, "\n");
  }
  return `${generationHead({ ...header, pools: poolCount })}\n${lines.join("")}`;
}

/** Adds those of the `count` lines from `start` on that are to be kept, in as few pieces as they make. Answers where the lines end. */
function keepLines(
  text: string,
  start: number,
  count: number,
  pieces: string[],
  isKept: (key: string, line: () => string) => boolean,
): number {
  let at = start;
  let piece = start;
  for (let line = 0; line < count; line++) {
    const from = at;
    const end = text.indexOf("\n", from);
    if (end < 0) throw corrupt("its body has another number of lines than its header says");
    at = end + 1;
    if (isKept(text.slice(from, text.indexOf("\t", from)), () => text.slice(from, end))) continue;
    pieces.push(text.slice(piece, from));
    piece = at;
  }
  pieces.push(text.slice(piece, at));
  return at;
}

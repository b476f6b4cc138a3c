import { decodeDelta } from "./delta.ts";
import { GENERATION_MAGIC, decodeGenerationHeader } from "./generation.ts";
import { corrupt, keyOf } from "./generation-words.ts";
import { type HeldGeneration, wayFromBase } from "./held-generation.ts";
import { LineDigest } from "./line-digest.ts";

/** A generation's text. Throws as {@link foldGeneration}. */
export function textOf(generation: HeldGeneration): string {
  const { base, deltas } = wayFromBase(generation);
  return foldGeneration(base.text, deltas);
}

/**
 * The text of the generation that deltas, one after the other, make of another: for those who have neither. It costs what a generation
 * costs, however many they are. Throws AppError `ROUTER_DELTA` or `ROUTER_SNAPSHOT_CORRUPT` when they do not lead to where they say.
 */
export function foldGeneration(text: string, deltas: readonly string[]): string {
  if (deltas.length === 0) return text;
  const before = decodeGenerationHeader(text);
  let header = before;
  const digest = new LineDigest(before.routesDigest);
  /** Keys of lines of the text that go, and lines that come in the end. */
  const gone = new Set<string>();
  const come = new Map<string, string>();
  for (const delta of deltas.map(decodeDelta)) {
    for (const { id } of delta.gone) if (!come.delete(keyOf(id))) gone.add(keyOf(id));
    for (const { id, line } of delta.come) come.set(keyOf(id), line);
    ({ header } = delta);
  }
  const lines: string[] = [];
  const start = text.indexOf("\n") + 1;
  const end = keepLines(text, start, before.routes, lines, (from, to) => {
    if (!gone.delete(text.slice(from, text.indexOf("\t", from)))) return true;
    digest.toggle(text.slice(from, to));
    return false;
  });
  for (const line of come.values()) {
    digest.toggle(line);
    lines.push(line, "\n");
  }
  if (gone.size > 0 || digest.hex !== header.routesDigest) throw corrupt("its changes lead to other routes than they say");
  return `${GENERATION_MAGIC} ${JSON.stringify({ ...header, pools: before.pools })}\n${lines.join("")}${text.slice(end)}`;
}

/** Adds those of the `count` lines from `start` on that are to be kept, in as few pieces as they make. Answers where the lines end. */
function keepLines(text: string, start: number, count: number, pieces: string[], isKept: (from: number, to: number) => boolean): number {
  let at = start;
  let piece = start;
  for (let line = 0; line < count; line++) {
    const end = text.indexOf("\n", at);
    if (end < 0) throw corrupt("its body has another number of routes than its header says");
    if (!isKept(at, end)) {
      pieces.push(text.slice(piece, at));
      piece = end + 1;
    }
    at = end + 1;
  }
  pieces.push(text.slice(piece, at));
  return at;
}

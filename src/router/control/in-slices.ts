import { setImmediate as nextTurn } from "node:timers/promises";

const SLICE = 500;

/** Lines with their ends, in pieces, made so that other work comes between: a change does not wait for ten thousand lines. */
export async function inSlices<Item>(items: readonly Item[], lineOf: (item: Item) => string): Promise<string[]> {
  const pieces: string[] = [];
  for (let at = 0; at < items.length; at += SLICE) {
    const lines = items.slice(at, at + SLICE).map(lineOf);
    pieces.push(`${lines.join("\n")}\n`);
    await nextTurn();
  }
  return pieces;
}

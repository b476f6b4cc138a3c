import type { Pool } from "../route/index.ts";
import { checkPools } from "./generation-words.ts";

/** The name under which a snapshot folder keeps pools that are newer than their generation. */
export const POOLS_STATE = "pools";

/** `{"generation": number, "pools": Pool[]}`: the pools, as lines of a generation, as they were some time after the generation with this number was made. */
export function encodePools(generation: number, poolLines: Iterable<string>): string {
  const pools = Array.from(poolLines, (line) => line.split("\t", 2)).map(([key = "", json = ""]) => `{"id":"${key}","endpoints":${json}}`);
  return `${beginningFor(generation)}"pools":[${pools.join(",")}]}`;
}

/** What every text of {@link encodePools} for this generation begins with: one of another need not be read. */
function beginningFor(generation: number): string {
  return `{"generation":${generation},`;
}

/**
 * Reads what {@link encodePools} wrote; undefined when it belongs to another generation. Throws SyntaxError or AppError
 * `ROUTER_SNAPSHOT_CORRUPT` when it is something else.
 */
export function decodePools(text: string, generation: number): readonly Pool[] | undefined {
  if (!text.startsWith(beginningFor(generation))) return undefined;
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== "object" || parsed === null || !("generation" in parsed) || !("pools" in parsed)) return undefined;
  return parsed.generation === generation ? checkPools(parsed.pools) : undefined;
}

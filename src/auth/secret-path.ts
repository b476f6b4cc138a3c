import { realpathSync } from "node:fs";
import { isAbsolute, sep } from "node:path";
import { AppError, messageOf } from "../kernel/index.ts";

/**
 * Where a secret named by a route is: one of the files, or a file below one of the folders, that the router was told of, links followed.
 * Throws AppError AUTH_SECRET.
 */
export function secretPath(name: string, allowed: readonly string[]): string {
  if (!isAbsolute(name) || name.includes("\0")) throw new AppError("AUTH_SECRET", `${name}: name a secret by its absolute path`);
  let real: string;
  try {
    real = realpathSync(name);
  } catch (thrown) {
    throw new AppError("AUTH_SECRET", `${name}: ${messageOf(thrown)}`, { cause: thrown });
  }
  for (const place of allowed) {
    let root: string;
    try {
      root = realpathSync(place);
    } catch {
      continue;
    }
    if (real === root || real.startsWith(root.endsWith(sep) ? root : root + sep)) return real;
  }
  throw new AppError("AUTH_SECRET", `${name} is in none of --credentials-paths`);
}

/** The text of a secret without the line end that editors put there. Throws when it cannot stand in a field. */
export function readSecret(text: string): string {
  const secret = text.trim();
  if (!/^[\x20-\x7e]+$/.test(secret)) throw new Error("the file holds no secret of printable characters");
  return secret;
}

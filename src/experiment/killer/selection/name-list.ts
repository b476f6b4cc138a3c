import { AppError } from "../../../kernel/index.ts";

/** Which names are meant. */
export interface NameList {
  /** Whether a name is asked for, so that without it nothing is meant. */
  readonly includes: boolean;
  takes(names: readonly string[]): boolean;
}

const ENTRY = /^(!?)\s*([A-Za-z0-9*?][A-Za-z0-9.*?-]*)$/;

/**
 * `shop,cart` or `!kube-system`, as in chaoskube's `--namespaces` and `--kinds`; `*` and `?` stand for characters, as in kube-monkey's lists. What has
 * one of several names is taken when one is included, or none needs to be, and none is excluded. Throws AppError `CHAOS_SELECTION`.
 */
export function readNameList(text: string, source: string): NameList {
  const included: RegExp[] = [];
  const excluded: RegExp[] = [];
  for (const entry of text.split(",").map((part) => part.trim())) {
    if (entry === "") continue;
    const match = ENTRY.exec(entry);
    if (match === null)
      throw new AppError("CHAOS_SELECTION", `${source}: ${JSON.stringify(entry)} is no name: write a name, or !name, separated by commas`);
    (match[1] === "!" ? excluded : included).push(globOf(match[2] ?? ""));
  }
  return {
    includes: included.length > 0,
    takes: (names) =>
      (included.length === 0 || names.some((name) => included.some((pattern) => pattern.test(name)))) &&
      !names.some((name) => excluded.some((pattern) => pattern.test(name))),
  };
}

function globOf(glob: string): RegExp {
  const source = glob.replaceAll(".", "\\.").replaceAll("*", ".*").replaceAll("?", ".");
  return new RegExp(`^${source}$`);
}

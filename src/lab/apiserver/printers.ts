import type { Printer } from "./resource-type.ts";

/** The columns of a kind. */
export function printerFor(_group: string, _kind: string): Printer | undefined {
  return undefined;
}

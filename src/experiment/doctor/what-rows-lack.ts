import type { Capability } from "./examine-host.ts";

/** A row of the library that cannot be played on this host. */
export interface LackingRow {
  readonly row: string;
  /** `tc-htb: Error: Specified qdisc kind is unknown`. */
  readonly why: readonly string[];
}

/** The rows that need something that is not there, or that nobody knows. */
export function whatRowsLack(
  rows: readonly { readonly row: string; readonly needs: readonly string[] }[],
  capabilities: readonly Capability[],
): readonly LackingRow[] {
  return rows.flatMap(({ row, needs }) => {
    const why = needs.flatMap((need) => {
      const found = capabilities.find(({ name }) => name === need);
      if (found === undefined) return [`${need}: nothing that holdfast doctor knows`];
      return found.isThere ? [] : [`${need}: ${found.evidence}`];
    });
    return why.length === 0 ? [] : [{ row, why }];
  });
}

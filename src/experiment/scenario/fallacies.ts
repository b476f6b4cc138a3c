/** A fallacy of distributed computing (F) or of cloud computing (C), as the talk lists them, and how many rows try it. */
export interface Fallacy {
  readonly id: string;
  readonly title: string;
  readonly rows: number;
}

export const FALLACIES: readonly Fallacy[] = [
  { id: "F1", title: "The network is reliable", rows: 8 },
  { id: "F2", title: "Latency is zero", rows: 5 },
  { id: "F3", title: "Bandwidth is infinite", rows: 4 },
  { id: "F4", title: "The network is secure", rows: 5 },
  { id: "F5", title: "Topology doesn't change", rows: 6 },
  { id: "F6", title: "There is one administrator", rows: 5 },
  { id: "F7", title: "Transport cost is zero", rows: 5 },
  { id: "F8", title: "The network is homogeneous", rows: 5 },
  { id: "C1", title: "The API call you will make will succeed", rows: 3 },
  { id: "C2", title: "The next API call you will make will succeed", rows: 3 },
  { id: "C3", title: "Deleting resources is the same as adding new", rows: 4 },
  { id: "C4", title: "Your cloud provider will have no outages", rows: 5 },
  { id: "C5", title: "The dependencies between your services are clear", rows: 5 },
];

/** Real outages of others that were played again; they are no fallacy's. */
export const INCIDENTS = "I";

const ALL_ROWS: readonly string[] = FALLACIES.flatMap(({ id, rows }) => Array.from({ length: rows }, (_, at) => `${id}.${at + 1}`));

/** Whether it is one of the 63 rows, or an incident (`I1`). */
export function isRow(text: string): boolean {
  return ALL_ROWS.includes(text) || /^I[1-9]\d?$/.test(text);
}

/** The fallacy of a row, `I` of an incident. */
export function groupOf(row: string): string {
  return row.startsWith(INCIDENTS) ? INCIDENTS : (row.split(".")[0] ?? row);
}

/** Rows in the order of the table, incidents last. */
export function compareRows(one: string, other: string): number {
  return placeOf(one) - placeOf(other);
}

function placeOf(row: string): number {
  const at = ALL_ROWS.indexOf(row);
  return at === -1 ? ALL_ROWS.length + Number(row.slice(1)) : at;
}

/** Rows of the table that none of these is. */
export function rowsWithout(rows: readonly string[]): readonly string[] {
  const there = new Set(rows);
  return ALL_ROWS.filter((row) => !there.has(row));
}

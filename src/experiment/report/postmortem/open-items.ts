import type { RunFacts } from "../facts/run-facts.ts";
import { PRIORITIES } from "./action-item.ts";
import type { ReadItem } from "./read-action-items.ts";

export interface OpenItem extends ReadItem {
  /** What the last run of its experiment said since then; `null`: there was none. */
  readonly since: { readonly verdict: RunFacts["verdict"]["verdict"]; readonly at: string; readonly journal: string } | null;
}

/** Those that are open, the most urgent first, each with what its experiment said since. An item that stands in two files counts once. */
export function openItems(items: readonly ReadItem[], runs: readonly RunFacts[]): readonly OpenItem[] {
  const byId = new Map(items.map((item) => [item.id, item]));
  return [...byId.values()]
    .filter(({ status }) => status === "open")
    .map((item) => ({ ...item, since: lastRun(item, runs) }))
    .sort((one, other) => PRIORITIES.indexOf(one.priority) - PRIORITIES.indexOf(other.priority) || one.id.localeCompare(other.id));
}

function lastRun({ experiment, id }: ReadItem, runs: readonly RunFacts[]): OpenItem["since"] {
  const own = runs.filter(({ title, fromMs }) => plain(title) === plain(experiment) && fromMs > beganAt(id));
  const last = own.sort((one, other) => one.fromMs - other.fromMs).at(-1);
  return last === undefined ? null : { verdict: last.verdict.verdict, at: new Date(last.fromMs).toISOString(), journal: last.file };
}

/** When the run began whose item it is: ids of ours begin with it. An id of somebody's own is older than all runs. */
function beganAt(id: string): number {
  const [, date, hour, minute, second] = /^(\d{8})T(\d\d)(\d\d)(\d\d)Z/.exec(id) ?? [];
  if (date === undefined) return 0;
  // The run itself began within that second.
  return Date.parse(`${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T${hour}:${minute}:${second}Z`) + 1000;
}

/** A table's cell keeps no runs of spaces, and no control characters. */
function plain(text: string): string {
  return text.replaceAll(/[\s\u0000-\u001F\u007F]+/g, " ").trim();
}

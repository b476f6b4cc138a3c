import { AppError, formatProblem } from "../../../kernel/index.ts";
import { ACTION_TYPES, type ActionItem, COLUMNS, PRIORITIES, STATUSES } from "./action-item.ts";

export interface ReadItem extends ActionItem {
  readonly file: string;
  readonly line: number;
}

const CHOICES: Readonly<Partial<Record<string, readonly string[]>>> = { type: ACTION_TYPES, priority: PRIORITIES, status: STATUSES };

/** Whether a text is a post-mortem of ours: others' pages are passed over. */
export function isPostMortem(text: string): boolean {
  return /^# Post-mortem: /m.test(text) && /^## Action items$/m.test(text);
}

/**
 * The action items of a post-mortem: the table under `## Action items`, as people left it. The columns are found by their names, so that they may be moved.
 * Throws AppError `POSTMORTEM_UNREADABLE`, `file:line:column: …`, for a row that says what cannot be.
 */
export function readActionItems(text: string, file: string): readonly ReadItem[] {
  const lines = text.split(/\r?\n/);
  const heading = lines.findIndex((line) => line.trim() === "## Action items");
  const head = lines.findIndex((line, at) => at > heading && line.startsWith("|"));
  const next = lines.findIndex((line, at) => at > heading && line.startsWith("#"));
  if (heading < 0 || head < 0 || (next >= 0 && next < head))
    throw unreadable(file, heading + 1, 1, `holds no table of action items: write one with the columns ${COLUMNS.join(", ")}`);
  const names = cellsOf(lines[head] ?? "").map(({ text: name }) => name);
  const lost = COLUMNS.filter((column) => !names.includes(column));
  if (lost.length > 0) throw unreadable(file, head + 1, 1, `the table of action items has no column ${lost.join(", ")}`);
  const items: ReadItem[] = [];
  for (let at = head + 2; lines[at]?.startsWith("|") === true; at++) items.push(itemOf(lines[at] ?? "", names, file, at + 1));
  return items;
}

function itemOf(row: string, names: readonly string[], file: string, line: number): ReadItem {
  const cells = cellsOf(row);
  if (cells.length !== names.length)
    throw unreadable(file, line, 1, `has ${cells.length} cells where the table has ${names.length}: write \\| for a | that is text`);
  const value = (column: string): string => {
    const cell = cells[names.indexOf(column)];
    const text = cell?.text ?? "";
    const choices = CHOICES[column];
    if (choices !== undefined && !choices.includes(text))
      throw unreadable(
        file,
        line,
        cell?.column ?? 1,
        `${column} ${JSON.stringify(text)} is not known: write ${choices.slice(0, -1).join(", ")} or ${choices.at(-1) ?? ""}`,
      );
    if ((column === "id" || column === "action") && text === "") throw unreadable(file, line, cell?.column ?? 1, `${column} is empty`);
    return text;
  };
  const owner = value("owner");
  return {
    file,
    line,
    id: value("id"),
    action: value("action"),
    type: value("type") as ActionItem["type"],
    priority: value("priority") as ActionItem["priority"],
    owner: owner === "(nobody yet)" ? "" : owner,
    status: value("status") as ActionItem["status"],
    experiment: value("experiment"),
  };
}

/** The cells of a row with the columns in which they begin; `\|` is text, and so is what else has a backslash before it. */
function cellsOf(row: string): readonly { readonly text: string; readonly column: number }[] {
  const cells: { text: string; column: number }[] = [];
  const inner = row.trimEnd().replace(/\|$/, "");
  for (const match of inner.matchAll(/\|((?:\\.|[^|\\])*)/g)) {
    const raw = match[1] ?? "";
    const lead = raw.length - raw.trimStart().length;
    cells.push({ text: raw.trim().replaceAll(/\\([\\`*_<>[\]|])/g, "$1"), column: match.index + 2 + lead });
  }
  return cells;
}

function unreadable(file: string, line: number, column: number, message: string): AppError {
  return new AppError("POSTMORTEM_UNREADABLE", formatProblem({ file, line, column, message }));
}

import { type ActionItem, COLUMNS } from "./action-item.ts";
import type { PostMortem } from "./draft.ts";

/** A post-mortem as Markdown; its table of action items is what `holdfast postmortem list` reads. */
export function postMortemMarkdown({ title, date, sections, actionItems, timeline }: PostMortem): string {
  const body = sections.map(({ heading, lines }) => `## ${heading}\n\n${lines.map((line) => `- ${inline(line)}`).join("\n")}\n`);
  return `# Post-mortem: ${inline(title)}

| date | authors | status |
| --- | --- | --- |
| ${date} | (nobody yet) | draft, made from the evidence of the run |

Nobody is to blame: what is written here is what happened, and what has to change so that it does not happen again.

${body.join("\n")}
## Action items

${table([COLUMNS, ...actionItems.map(row)])}

## Timeline

${table([["time (UTC)", "what"], ...timeline])}
`;
}

function row(item: ActionItem): readonly string[] {
  return COLUMNS.map((column) => (column === "owner" && item.owner === "" ? "(nobody yet)" : item[column]));
}

export function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  return [head, head.map(() => "---"), ...body].map((cells) => `| ${cells.map(cell).join(" | ")} |`).join("\n");
}

function cell(text: string): string {
  return inline(text).replaceAll("|", "\\|");
}

/** One line; what Markdown or HTML would read as more than text is text. */
export function inline(text: string): string {
  return text
    .replaceAll(/\u001B\[[0-9;]*[A-Za-z]/g, "")
    .replaceAll(/[\u0000-\u001F\u007F]+/g, " ")
    .replaceAll(/[\\`*_<>[\]]/g, "\\$&")
    .trim();
}

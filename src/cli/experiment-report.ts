import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Journal, type RunFacts, type RunFolder, factsOf, readJournal, reportMarkdown, reportPage } from "../experiment/index.ts";
import { messageOf } from "../kernel/index.ts";
import { badUsage } from "./flag-values.ts";

export interface ReportFlags {
  readonly html?: string;
  readonly markdown?: string;
  readonly previous: readonly string[];
}

/** `holdfast experiment report JOURNAL…`: in the order in which they began. */
export function reportFiles(files: readonly string[], { html, markdown, previous }: ReportFlags): void {
  if (html === undefined && markdown === undefined) throw badUsage("say where the report is to go: --html FILE or --markdown FILE");
  const runs = files.map(readRun).sort((one, other) => one.fromMs - other.fromMs);
  const earlier = previous.map(readRun);
  if (html !== undefined) write(html, reportPage(runs, earlier));
  if (markdown !== undefined) write(markdown, reportMarkdown(runs, earlier));
}

/** Of the runs that are kept, so many are looked through for the last one of the same title. */
const MOST_KEPT = 40;

/** `holdfast experiment run --report FILE`, with the last run of the same title that was kept beside this one. */
export function writeReport(journal: Journal, journalFile: string | undefined, file: string, folder: RunFolder | undefined): void {
  const own = factsOf(journal, journalFile ?? (folder === undefined ? "kept by nobody" : join(folder.path, "journal.json")));
  write(file, reportPage([own], folder === undefined ? [] : keptBefore(folder)));
}

function keptBefore({ run, path }: RunFolder): readonly RunFacts[] {
  const state = dirname(path);
  try {
    const runs = readdirSync(state)
      .filter((name) => /^\d{8}T\d{6}Z-/.test(name) && name < run)
      .toSorted()
      .slice(-MOST_KEPT);
    return runs.flatMap((name) => {
      try {
        return [readRun(join(state, name, "journal.json"))];
      } catch {
        // It was killed, or is under way.
        return [];
      }
    });
  } catch {
    return [];
  }
}

/** The run of a journal. Throws AppError for what cannot be read. */
export function readRun(file: string): RunFacts {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw badUsage(`${file} cannot be read: ${messageOf(error)}`);
  }
  return factsOf(readJournal(text, file), file);
}

function write(file: string, text: string): void {
  if (file === "-") process.stdout.write(text);
  else {
    try {
      writeFileSync(file, text);
    } catch (error) {
      throw badUsage(`${file} cannot be written: ${messageOf(error)}`);
    }
  }
}

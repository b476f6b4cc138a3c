import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type OpenItem,
  type RunFacts,
  draftOf,
  isPostMortem,
  openItems,
  postMortemMarkdown,
  readActionItems,
} from "../experiment/index.ts";
import { AppError, messageOf } from "../kernel/index.ts";
import { readRun } from "./experiment-report.ts";
import { badUsage } from "./flag-values.ts";

/** A folder with more is not one of post-mortems. */
const MOST_FILES = 20_000;

/** Writes the draft and answers where it is. Throws AppError `CLI_USAGE` when there is none to write, or the file is there already: people write in it. */
export function writePostMortem(journal: string, out: string | undefined): string {
  const draft = draftOf(readRun(journal));
  if (draft === undefined)
    throw badUsage(`${journal}: the run held, so there is no post-mortem to write; 'holdfast experiment report' tells what was seen`);
  const file = out ?? `${journal.replace(/\.json$/i, "")}.postmortem.md`;
  if (existsSync(file))
    throw badUsage(`${file} is there already, and somebody may have written in it: take it away, or name another with --out FILE`);
  try {
    writeFileSync(file, postMortemMarkdown(draft), { flag: "wx" });
  } catch (error) {
    throw badUsage(`${file} cannot be written: ${messageOf(error)}`);
  }
  return file;
}

/** Prints the open items of all post-mortems; answers how many there are. */
export function listOpenItems(paths: readonly string[], flags: { readonly owner: readonly string[]; readonly json?: string }): number {
  const files = paths.flatMap(filesOf);
  const postMortems = files.filter((file) => /\.md$/i.test(file)).map((file) => ({ file, text: read(file) }));
  const items = postMortems.filter(({ text }) => isPostMortem(text)).flatMap(({ file, text }) => readActionItems(text, file));
  const runs = files.filter((file) => /\.json$/i.test(file)).flatMap(runIn);
  const open = openItems(items, runs).filter(({ owner }) => flags.owner.length === 0 || flags.owner.includes(owner));
  if (flags.json === undefined || flags.json !== "-") for (const item of open) process.stdout.write(`${lineOf(item)}\n`);
  if (flags.json !== undefined) {
    const text = `${JSON.stringify(open, null, 2)}\n`;
    if (flags.json === "-") process.stdout.write(text);
    else writeFileSync(flags.json, text);
  }
  const green = open.filter(({ since }) => since?.verdict === "held").length;
  process.stderr.write(`${open.length} open in ${postMortems.length} files; the experiments of ${green} hold now\n`);
  return open.length;
}

function lineOf({ priority, type, id, action, owner, experiment, since, file, line }: OpenItem): string {
  const state =
    since === null ? "not played since" : `${since.verdict.replace("-", " ")} at ${since.at.slice(0, 16).replace("T", " ")} UTC`;
  const mark = since?.verdict === "held" ? ", can be closed" : "";
  return `${priority} ${type.padEnd(8)} ${id}  ${action}\n   ${owner === "" ? "nobody has it" : owner} · “${experiment}”: ${state}${mark} · ${file}:${line}`;
}

/** A folder holds all kinds of JSON: what is no journal is passed over. */
function runIn(file: string): readonly RunFacts[] {
  try {
    return [readRun(file)];
  } catch (error) {
    if (error instanceof AppError && error.code === "REPORT_JOURNAL") return [];
    throw error;
  }
}

function filesOf(path: string): readonly string[] {
  let entries: string[];
  try {
    if (!statSync(path).isDirectory()) return [path];
    entries = readdirSync(path, { recursive: true }) as string[];
  } catch (error) {
    throw badUsage(`${path} cannot be read: ${messageOf(error)}`);
  }
  if (entries.length > MOST_FILES) throw badUsage(`${path} holds more than ${MOST_FILES} files: name the folder of the post-mortems`);
  return entries.map((entry) => join(path, entry)).filter((file) => /\.(md|json)$/i.test(file) && statSync(file).isFile());
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw badUsage(`${file} cannot be read: ${messageOf(error)}`);
  }
}

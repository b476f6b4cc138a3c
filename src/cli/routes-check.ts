import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { routeRegistry } from "../auth/index.ts";
import { AppError, type Problem, formatProblem, messageOf, systemClock } from "../kernel/index.ts";
import {
  type ParsedEskip,
  type Registry,
  type Table,
  compileTable,
  extendRegistry,
  parseEskip,
  printEskip,
  readRoutesJson,
} from "../route/index.ts";
import { loadPlugins } from "../plugin/index.ts";
import { ExitCode } from "./exit-codes.ts";

/** The text of a file of the user's; `-` is standard input. Throws AppError `CLI_FILE`. */
export function readText(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: "there is no such file",
      EACCES: "no permission to read it",
      EISDIR: "it is a directory; name a file",
    };
    throw new AppError("CLI_FILE", `${file}: ${reasons[String(code)] ?? messageOf(thrown)}`, { cause: thrown });
  }
}

/** Writes problems to standard error, in the order of their places, and sets the exit code if there is one. */
export function reportProblems(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const sorted = problems.toSorted((left, right) => left.line - right.line || left.column - right.column);
  process.stderr.write(sorted.map((problem) => `${formatProblem(problem)}\n`).join(""));
  process.exitCode = ExitCode.badInput;
}

/** Everything that routes may name, with what these plugins add. Throws AppError `PLUGIN_…`. */
export async function registryWith(plugins: readonly string[]): Promise<Registry> {
  const base = routeRegistry();
  const loaded = await loadPlugins(
    plugins.map((file) => resolve(file)),
    base,
    systemClock,
  );
  for (const problem of loaded.problems) throw problem;
  return extendRegistry(base, loaded);
}

/** A file as a table, and what is wrong with it. */
export interface CheckedRoutes {
  readonly parsed: ParsedEskip;
  readonly table: Table;
  readonly problems: readonly Problem[];
}

/** Parses and builds the routes of a file, eskip or (named .json) JSON. Throws AppError when it cannot be read. */
export function loadRoutes(file: string, registry: Registry): CheckedRoutes {
  const parsed = file.endsWith(".json") ? parseJson(file) : parseEskip(readText(file), file);
  const { table, problems } = compileTable(parsed, registry);
  const byId = new Map(parsed.routes.map((route) => [route.id, route]));
  const placed = problems.map(({ routeId, message, call }): Problem => {
    const route = byId.get(routeId);
    const place = (call && parsed.places.get(call)) ?? (route && parsed.places.get(route));
    return { file, line: place?.line ?? 0, column: place?.column ?? 0, message: `route ${routeId}: ${message}` };
  });
  return { parsed, table, problems: [...parsed.problems, ...placed] };
}

function parseJson(file: string): ParsedEskip {
  const text = readText(file);
  try {
    return { routes: readRoutesJson(JSON.parse(text)), problems: [], places: new Map() };
  } catch (thrown) {
    throw new AppError("CLI_FILE", `${file}: ${messageOf(thrown)}`, { cause: thrown });
  }
}

/** Reports all problems of all files; says how many routes a sound one has. */
export async function checkRoutes(files: readonly string[], plugins: readonly string[]): Promise<void> {
  const registry = await registryWith(plugins);
  for (const file of files) {
    let checked: CheckedRoutes;
    try {
      checked = loadRoutes(file, registry);
    } catch (thrown) {
      if (!(thrown instanceof AppError)) throw thrown;
      process.stderr.write(`${thrown.message}\n`);
      process.exitCode = ExitCode.badInput;
      continue;
    }
    if (checked.problems.length === 0) process.stdout.write(`${file}: ${checked.table.size} routes, no problems\n`);
    reportProblems(checked.problems);
  }
}

/** Prints canonical eskip; nothing when the text has a problem, so that a file is never replaced by a part of itself. */
export function formatRoutes(file: string): void {
  const parsed = parseEskip(readText(file), file);
  if (parsed.problems.length === 0) process.stdout.write(printEskip(parsed.routes));
  reportProblems(parsed.problems);
}

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { type ConvertOptions, type Converted, convert, readSkipperOptions, skipperConvertOptions } from "../ingress/index.ts";
import { AppError, formatProblem, messageOf } from "../kernel/index.ts";
import { type RouteDefinition, inlinePools, printEskip } from "../route/index.ts";
import { ExitCode } from "./exit-codes.ts";
import { readText, reportProblems } from "./routes-check.ts";
import { Manifests, parseYaml } from "./routes-manifests.ts";

interface FromKubeOptions {
  readonly options?: string;
  readonly defaultFilters?: string;
  readonly format: string;
  readonly strict?: boolean;
}

/** Converts the objects of all files together and prints the routes; what is wrong with objects goes to standard error. */
export function convertFiles(files: readonly string[], options: FromKubeOptions): void {
  const manifests = new Manifests();
  for (const file of files) manifests.read(file);
  const convertOptions = loadOptions(options);
  reportProblems(manifests.problems);
  if (manifests.problems.length > 0) return;
  const converted = convert(manifests.world(), convertOptions);
  const { problems } = converted;
  const routes = writeOutPools(converted);
  process.stdout.write(options.format === "json" ? `${JSON.stringify(routes, null, 2)}\n` : printEskip(routes));
  const told = [...manifests.warnings, ...problems.map((problem) => manifests.locate(problem))];
  process.stderr.write(told.map((problem) => `${formatProblem(problem)}\n`).join(""));
  if (problems.length > 0 && options.strict === true) process.exitCode = ExitCode.badInput;
}

/** Routes as Skipper has them: with the endpoints in them, and 502 where there are none. */
export function writeOutPools({ routeSet, defaultFilters }: Converted): readonly RouteDefinition[] {
  return inlinePools(routeSet, (route) => [
    ...(defaultFilters.get(route.id) ?? []),
    { name: "status", args: [502] },
    { name: "inlineContent", args: ["no endpoints"] },
  ]);
}

function loadOptions({ options, defaultFilters }: FromKubeOptions): ConvertOptions {
  const read = options === undefined ? skipperConvertOptions : readOptionsFile(options);
  return defaultFilters === undefined ? read : { ...read, defaultFilters: readDefaultFilters(defaultFilters) };
}

/** Throws AppError `CLI_FILE` when the file cannot be read or an option is unknown. */
export function readOptionsFile(file: string): ConvertOptions {
  const [document, ...more] = parseYaml(readText(file), file, []);
  if (more.length > 0) throw new AppError("CLI_FILE", `${file}: options are one YAML document, this file has ${more.length + 1}`);
  try {
    return readSkipperOptions(document?.value);
  } catch (thrown) {
    throw new AppError("CLI_FILE", `${file}: ${messageOf(thrown)}`, { cause: thrown });
  }
}

/** Files of other names are not default filters; Skipper ignores them too. */
function readDefaultFilters(directory: string): ReadonlyMap<string, string> {
  let names: readonly string[];
  try {
    names = readdirSync(directory);
  } catch (thrown) {
    throw new AppError("CLI_FILE", `${directory}: ${messageOf(thrown)}`, { cause: thrown });
  }
  const files = names.filter((name) => /^[^.]+\.[^.]+$/.test(name) && statSync(join(directory, name)).isFile());
  return new Map(files.map((name) => [name, readText(join(directory, name)).trim()]));
}

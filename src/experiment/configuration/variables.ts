import { existsSync, readFileSync } from "node:fs";
import { AppError } from "../../kernel/index.ts";
import { type Json, type JsonObject, objectAt } from "../document/json.ts";
import { readDocument } from "../document/read-document.ts";
import { convertTo } from "./convert.ts";

/** What is given beside an experiment: on the command line and in files. */
export interface Variables {
  readonly configuration: JsonObject;
  readonly secrets: JsonObject;
  /** Of .env files; they are set for what the experiment runs, too. */
  readonly environment: Readonly<Record<string, string>>;
}

/** `--var name[:type]=value` and `--var-file FILE`; what comes later counts. Throws AppError `EXPERIMENT_VARIABLE`. */
export function readVariables(given: readonly string[], files: readonly string[]): Variables {
  const configuration: Record<string, Json | undefined> = {};
  const secrets: Record<string, Json | undefined> = {};
  const environment: Record<string, string> = {};
  for (const file of files) {
    if (!existsSync(file)) throw invalid(`--var-file ${file}: there is no such file`);
    const text = readFileSync(file, "utf8");
    if (/\.(json|ya?ml)$/i.test(file)) {
      const { value } = readDocument(text, file);
      Object.assign(configuration, objectAt(value, "configuration"));
      Object.assign(secrets, objectAt(value, "secrets"));
    } else Object.assign(environment, readEnvironmentFile(text, file));
  }
  for (const one of given) {
    const [, name = "", type, value = ""] = /^([^=:]+)(?::([^=]*))?=(.*)$/s.exec(one) ?? [];
    if (name === "") throw invalid(`--var ${JSON.stringify(one)}: write name=value or name:type=value`);
    try {
      configuration[name] = convertTo(type, value);
    } catch (error) {
      throw invalid(`--var ${JSON.stringify(one)}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { configuration, secrets, environment };
}

function readEnvironmentFile(text: string, file: string): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [at, line] of text.split("\n").entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const equals = trimmed.indexOf("=");
    if (equals < 1) throw invalid(`${file}:${at + 1}:1: write NAME=value`);
    variables[trimmed.slice(0, equals)] = trimmed.slice(equals + 1);
  }
  return variables;
}

function invalid(message: string): AppError {
  return new AppError("EXPERIMENT_VARIABLE", message);
}

import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { AppError, messageOf } from "../kernel/index.ts";

/** Throws AppError `CLI_USAGE`. */
export function wholeNumber(text: string, option: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw badUsage(`${option} ${JSON.stringify(text)}: write a whole number from ${least} to ${most}`);
  return value;
}

/** Throws AppError `CLI_USAGE`. */
export function seconds(text: string, option: string, least: number): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value < least || value > 86_400)
    throw badUsage(`${option} ${JSON.stringify(text)}: write a number of seconds from ${least} to 86400`);
  return value;
}

/** The error of a command line that is wrong. */
export function badUsage(message: string): AppError {
  return new AppError("CLI_USAGE", message);
}

/** Certificates in PEM. Throws AppError `CLI_USAGE`. */
export function readAuthorities(file: string, option: string): string {
  try {
    const authorities = readFileSync(file, "utf8");
    // Throws for what is none.
    return new X509Certificate(authorities).raw.length > 0 ? authorities : "";
  } catch (error) {
    throw badUsage(`${option} ${file} cannot be used: ${messageOf(error)}`);
  }
}

/** Of an option that may be repeated: all values, in their order. */
export function collect(value: string, values: readonly string[]): readonly string[] {
  return [...values, value];
}

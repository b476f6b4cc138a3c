import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
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

/** A URL over http or https. Throws AppError `CLI_USAGE`. */
export function readUrl(text: string, option: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.hash !== "")
    throw badUsage(`${option} ${JSON.stringify(text)}: write a URL as in https://accounts.example.org/token, without user and fragment`);
  return text;
}

/** Addresses and CIDR blocks, or one of these words, separated by commas. Throws AppError `CLI_USAGE`. */
export function readAddresses(text: string, option: string, words: readonly string[]): readonly string[] {
  const entries = text.split(",").map((entry) => entry.trim());
  for (const entry of entries) {
    const [address = "", bits] = entry.split("/");
    const width = isIP(address) === 6 ? 128 : 32;
    const isBlock = isIP(address) !== 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= width));
    if (!words.includes(entry) && !isBlock)
      throw badUsage(`${option} ${JSON.stringify(entry)}: write addresses, CIDR blocks or ${words.join(", ")}, separated by commas`);
  }
  return entries;
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

/** The token in a file. Throws AppError `CLI_USAGE`. */
export function readToken(file: string, option = "--admin-token-file"): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8").trim();
  } catch (error) {
    throw badUsage(`${option} ${file} cannot be read: ${messageOf(error)}`);
  }
  if (!/^[\x21-\x7e]{16,4096}$/.test(text)) throw badUsage(`${option} ${file}: it must hold one token of at least 16 printable characters`);
  return text;
}

import { accessSync, constants, lstatSync, statSync } from "node:fs";
import { REQUIRED } from "./parameters.ts";
import { moduleOf } from "./python-function.ts";

/** What Python's `os.path` asks of the file system; what cannot be looked at is not there. */
const ANSWERS = {
  exists: (path: string) => seen(() => accessSync(path, constants.F_OK)),
  lexists: (path: string) => seen(() => lstatSync(path)),
  isfile: (path: string) => seen(() => statSync(path)) && statSync(path).isFile(),
  isdir: (path: string) => seen(() => statSync(path)) && statSync(path).isDirectory(),
  islink: (path: string) => seen(() => lstatSync(path)) && lstatSync(path).isSymbolicLink(),
  getsize: (path: string) => statSync(path).size,
} as const;

/** `isdir` is a built-in function on some systems and names its parameter `s`. */
const PARAMETERS: Readonly<Record<keyof typeof ANSWERS, string>> = {
  exists: "path",
  lexists: "path",
  isfile: "path",
  isdir: "s",
  islink: "path",
  getsize: "filename",
};

export const osPath = moduleOf(
  "os.path",
  Object.fromEntries(
    Object.entries(ANSWERS).map(([func, answer]) => {
      const parameter = PARAMETERS[func as keyof typeof ANSWERS];
      return [func, [{ [parameter]: REQUIRED }, (given) => answer(given.text(parameter))]];
    }),
  ),
);

function seen(look: () => unknown): boolean {
  try {
    look();
    return true;
  } catch {
    return false;
  }
}

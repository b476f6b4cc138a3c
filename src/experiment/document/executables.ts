import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Where a command is, as Python's `shutil.which` finds it: by PATH, or at the place itself when it has a slash. `~` is not expanded. */
export function findExecutable(command: string, pathVariable: string | undefined): string | undefined {
  if (command.includes("/")) return isExecutable(command) ? command : undefined;
  for (const folder of (pathVariable ?? "/usr/local/bin:/usr/bin:/bin").split(delimiter)) {
    const file = join(folder === "" ? "." : folder, command);
    if (isExecutable(file)) return file;
  }
  return undefined;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

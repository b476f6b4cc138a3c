import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fillCompileCache } from "./fill-compile-cache.ts";

// What `npm ci` does last: builds the console's page, and keeps the compiled code of every program where bin/holdfast looks for it.
const root = join(import.meta.dirname, "..");
const built = spawnSync(process.execPath, [join(root, "scripts", "build-console.ts")], { cwd: root, encoding: "utf8" });
process.stdout.write(
  built.status === 0
    ? built.stdout
    : `the console's page was not built (npm start tries again): ${built.stderr.trim().split("\n").at(-1) ?? ""}\n`,
);
await fillCompileCache(join(root, "node_modules", ".cache", "holdfast"));

import { spawnSync } from "node:child_process";
import { enableCompileCache, flushCompileCache } from "node:module";
import { join } from "node:path";

// What `npm ci` does last: builds the console's page, and reads every part of the lab and the router once, so that their compiled code is
// in the cache that bin/holdfast uses. A lab starts some thirty processes at once, and none of them would find it there the first time.
const root = join(import.meta.dirname, "..");
const built = spawnSync(process.execPath, [join(root, "scripts", "build-console.ts")], { cwd: root, encoding: "utf8" });
process.stdout.write(
  built.status === 0
    ? built.stdout
    : `the console's page was not built (npm start tries again): ${built.stderr.trim().split("\n").at(-1) ?? ""}\n`,
);

enableCompileCache(join(root, "node_modules", ".cache", "holdfast"));
const parts = ["alb", "apiserver", "controllers", "kubelet", "load", "scheduler"].map((part) => `lab/${part}`);
for (const area of [...parts, "lab", "console", "router", "proxy", "route", "ingress", "hold", "kube"])
  await import(`../src/${area}/index.ts`);
for (const command of ["lab", "router", "routes", "hold"]) await import(`../src/cli/${command}.ts`);
flushCompileCache();

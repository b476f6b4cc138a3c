import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { enableCompileCache, flushCompileCache } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");

/** What does something when it is imported (waits for its parent's orders, say): never imported here. */
const PROGRAM = /-entry\.ts$|[/\\]cli[/\\](?:main|router-control|router-worker)\.ts$/;
/** Those that end at once when nobody tells them what to do: started instead. */
const ENTRY = /-entry\.ts$/;
const NOT_OURS_TO_READ = /\.test\.ts$|[/\\]testing[/\\]|[/\\]console[/\\]ui[/\\]/;
const START_LIMIT_MS = 20_000;

/**
 * Reads all code once with `directory` as cache of compiled code. A lab starts three dozen processes at once; without it each of them strips
 * types and compiles for itself (measured: 0.58 s of CPU for a router's worker, 0.18 s with it). Code that cannot be read here says so when it is used.
 */
export async function fillCompileCache(directory: string): Promise<void> {
  enableCompileCache(directory);
  const files = globSync("src/**/*.ts", { cwd: ROOT }).filter((file) => !NOT_OURS_TO_READ.test(file));
  for (const file of files.toSorted()) if (!PROGRAM.test(file)) await import(join(ROOT, file)).catch(() => {});
  // Clients of AWS are read when the first call is made.
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    dependencies: Readonly<Record<string, string>>;
  };
  for (const name of Object.keys(dependencies)) if (name.startsWith("@aws-sdk/")) await import(name).catch(() => {});
  flushCompileCache();
  const env = { ...process.env, NODE_COMPILE_CACHE: directory };
  for (const file of files.filter((one) => ENTRY.test(one)))
    spawnSync(process.execPath, [join(ROOT, file)], { env, stdio: "ignore", timeout: START_LIMIT_MS });
  await startRouter(env);
}

/** A router with one route, until it serves. Its processes write what they compiled when they end. */
async function startRouter(env: NodeJS.ProcessEnv): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-prepare-"));
  try {
    const routes = join(folder, "routes.eskip");
    writeFileSync(routes, "all: * -> <shunt>;\n");
    // What a program reads late it finds under another name than what is imported.
    spawnSync(process.execPath, [join(ROOT, "src", "cli", "main.ts"), "routes", "check", routes], {
      env,
      stdio: "ignore",
      timeout: START_LIMIT_MS,
    });
    const flags = ["--routes", routes, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--drain-delay", "0", "--log-level", "silent"];
    const router = spawn(process.execPath, [join(ROOT, "src", "cli", "main.ts"), "router", ...flags, "--workers", "1"], {
      env,
      stdio: ["ignore", "pipe", "ignore"],
    });
    const ended = once(router, "exit");
    const limit = setTimeout(() => router.kill("SIGKILL"), START_LIMIT_MS);
    router.stdout.once("data", () => router.kill("SIGTERM"));
    await ended;
    clearTimeout(limit);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

import { createHash } from "node:crypto";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "vite";

// Builds the console's page into dist/console, unless it is there already from the same sources, and prints its size as sent.
const root = join(import.meta.dirname, "..");
const target = join(root, "dist/console");
const stampFile = join(root, "dist/console.stamp");
const SIZE_LIMIT_BYTES = 60 * 1024;

const sources = globSync(["src/console/{ui,view}/**/*", "src/console/contract.ts", "package-lock.json"], { cwd: root, withFileTypes: true })
  .filter((entry) => entry.isFile() && !entry.name.endsWith(".test.ts"))
  .map((entry) => join(entry.parentPath, entry.name))
  .sort();
const hash = createHash("sha256");
for (const file of sources) hash.update(file.slice(root.length)).update("\0").update(readFileSync(file)).update("\0");
const stamp = hash.digest("hex");

if (process.argv.includes("--force") || readOr(stampFile) !== stamp || readOr(join(target, "index.html")) === "") {
  await build({ configFile: join(root, "src/console/ui/vite.config.ts") });
  writeFileSync(stampFile, stamp);
}
const files = globSync("**/*.{html,js,css,svg}", { cwd: target });
const sizeBytes = files.reduce((total, file) => total + gzipSync(readFileSync(join(target, file)), { level: 9 }).length, 0);
process.stdout.write(`dist/console: ${files.length} files, ${(sizeBytes / 1024).toFixed(1)} kB gzip (limit 60)\n`);
if (sizeBytes > SIZE_LIMIT_BYTES) process.exitCode = 1;

function readOr(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

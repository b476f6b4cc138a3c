import { createHash } from "node:crypto";
import { lstat, readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { gzipSync } from "node:zlib";

/** One file of the built page, whole and in memory. */
export interface Asset {
  readonly type: string;
  readonly body: Buffer;
  readonly gzip: Buffer;
  readonly etag: string;
  /** Its name holds a hash of its content, so it can be kept for good. */
  readonly immutable: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};
const FILES_LIMIT = 64;
const TOTAL_LIMIT_BYTES = 4 * 1024 * 1024;

/** The attribute in index.html whose value is replaced by the token. */
export const TOKEN_PLACEHOLDER = "__HOLDFAST_TOKEN__";

/**
 * Reads the built page once, so that no request ever becomes a path on disk. Returns an empty map when `directory` is
 * missing (the page was not built); the console then serves its API and says so.
 * @param token put in the page, empty when the reader has to bring it.
 */
export async function loadAssets(directory: string, token: string): Promise<ReadonlyMap<string, Asset>> {
  const assets = new Map<string, Asset>();
  const names = await readdir(directory, { recursive: true }).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === "ENOENT") return [];
    throw thrown;
  });
  let totalBytes = 0;
  for (const name of names) {
    const type = TYPES[extname(name)];
    const file = join(directory, name);
    if (type === undefined || !(await lstat(file)).isFile()) continue;
    let body: Buffer = await readFile(file);
    totalBytes += body.length;
    if (assets.size >= FILES_LIMIT || totalBytes > TOTAL_LIMIT_BYTES)
      throw new RangeError(`${directory} is not a built console: too many or too large files`);
    const path = `/${relative(directory, file).split(sep).join("/")}`;
    if (path === "/index.html") body = Buffer.from(body.toString("utf8").replaceAll(TOKEN_PLACEHOLDER, token));
    assets.set(path, {
      type,
      body,
      gzip: gzipSync(body, { level: 9 }),
      etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`,
      immutable: path.startsWith("/assets/"),
    });
  }
  const index = assets.get("/index.html");
  if (index !== undefined) assets.set("/", index);
  return assets;
}

import { constants } from "node:fs";
import { type FileHandle, open, realpath } from "node:fs/promises";
import { extname, isAbsolute, join, sep } from "node:path";
import { Duplex } from "node:stream";
import { type FilterContext, type FilterSpec, defineFilter } from "../filter.ts";

const NAME = "static";
/** A file up to this size is sent in one piece, with its length. */
const WHOLE_BYTES = 65_536;
const TEXT = ["Content-Type", "text/plain; charset=utf-8"];
const NO_BYTES = new Uint8Array(0);
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".txt": "text/plain; charset=utf-8",
  ".xml": "text/xml; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".gif": "image/gif",
  ".webp": "image/webp",
  ".ico": "image/x-icon",
  ".pdf": "application/pdf",
  ".wasm": "application/wasm",
  ".woff2": "font/woff2",
};

/** Gives a file, whatever is written to it. */
class FileBody extends Duplex {
  readonly #file: FileHandle;

  constructor(file: FileHandle) {
    super();
    this.#file = file;
  }

  override _write(_chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    done();
  }

  override _read(): void {
    this.#file.read(Buffer.allocUnsafe(WHOLE_BYTES), 0, WHOLE_BYTES).then(
      ({ bytesRead, buffer }) => this.push(bytesRead === 0 ? null : buffer.subarray(0, bytesRead)),
      (error: Error) => this.destroy(error),
    );
  }
}

/** The file names below the folder that a path names; undefined when it may name none. */
function namesOf(path: string): readonly string[] | undefined {
  const names: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "") continue;
    let name: string;
    try {
      name = decodeURIComponent(segment);
    } catch {
      return undefined;
    }
    // What starts with a dot is `..` or not meant for others.
    if ((name.startsWith(".") && name !== ".well-known") || /[/\\\0]/.test(name)) return undefined;
    names.push(name);
  }
  return names;
}

/** Opens a plain file that is really below the folder, links followed; undefined when there is none. */
async function openBelow(
  root: string,
  names: readonly string[],
): Promise<{ readonly file: FileHandle; readonly path: string } | undefined> {
  try {
    const folder = await realpath(root);
    const path = await realpath(join(folder, ...names));
    if (!path.startsWith(folder.endsWith(sep) ? folder : folder + sep)) return undefined;
    // Not blocking: a pipe would wait for who writes to it.
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if ((await file.stat()).isFile()) return { file, path };
    await file.close();
    return undefined;
  } catch {
    return undefined;
  }
}

async function answer(context: FilterContext, prefix: string, root: string): Promise<void> {
  const { signal, path } = context;
  const isBelow = path === prefix || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
  const names = isBelow ? namesOf(path.slice(prefix.length)) : undefined;
  const wanted = path.endsWith("/") || names?.length === 0 ? [...(names ?? []), "index.html"] : names;
  const found = wanted === undefined ? undefined : await openBelow(root, wanted);
  if (found === undefined) {
    if (!signal.aborted) context.respond(404, TEXT, Buffer.from("404 Not Found\n"));
    return;
  }
  const { file } = found;
  const { size, mtime } = await file.stat();
  const body = size > WHOLE_BYTES ? undefined : await file.readFile();
  if (signal.aborted || body !== undefined) await file.close();
  if (signal.aborted) return;
  const type = TYPES[extname(found.path).toLowerCase()] ?? "application/octet-stream";
  context.respond(200, ["Content-Type", type, "Last-Modified", mtime.toUTCString(), "X-Content-Type-Options", "nosniff"], body ?? NO_BYTES);
  if (body !== undefined) return;
  context.state.set(NAME, file);
  context.onEnd(() => void file.close().catch(() => {}));
}

/** The filter that answers with files. */
export const staticFilters: readonly FilterSpec[] = [
  defineFilter({
    name: NAME,
    family: "Answers",
    does: "answers with the files of a folder of the router's machine; no back end is asked.",
    parameters: [
      { name: "prefix", type: "text", what: "the beginning of the path that stands for the folder, as in `/files/`" },
      { name: "folder", type: "text", what: "absolute" },
    ],
    deviations: [
      "Only plain files that are really below the folder are given: links out of it are not followed, and names that begin with a dot are not there, `.well-known` apart.",
      "There is no list of a folder; a path that ends with a slash means its `index.html`.",
      "GET and HEAD only (405); no parts (Range) and no conditional requests.",
    ],
    create(args) {
      const [prefix, root] = [args.text(0), args.text(1)];
      if (!prefix.startsWith("/")) throw args.refusal("a prefix that starts with /");
      if (!isAbsolute(root) || root.includes("\0")) throw args.refusal("an absolute folder");
      return {
        request(context) {
          if (context.method === "GET" || context.method === "HEAD") return answer(context, prefix, root);
          context.respond(405, [...TEXT, "Allow", "GET, HEAD"], Buffer.from("405 Method Not Allowed\n"));
          return undefined;
        },
        response(context) {
          const file = context.state.get(NAME) as FileHandle | undefined;
          if (file !== undefined) context.transformResponse(new FileBody(file));
        },
      };
    },
  }),
];

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { LlhttpKind } from "../../src/wire/testing/llhttp.ts";

/** One message as llhttp read it. */
interface LoggedMessage {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly body: string;
}

/** One case of llhttp's markdown tests. */
export interface LlhttpCase {
  /** File and title, and which of those with the same title. */
  readonly name: string;
  readonly kind: LlhttpKind;
  /** What it was told to let pass, such as `lenient-headers`; empty for its strict reading. */
  readonly leniency: string;
  /** Whether the answer is one to HEAD. */
  readonly isHead: boolean;
  readonly input: string;
  /** Messages it found whole. */
  readonly messages: readonly LoggedMessage[];
  /** What it found of one that was not whole. */
  readonly rest: LoggedMessage | undefined;
  /** Its error, empty when it had none. */
  readonly error: string;
}

const BLOCKS = /<!-- meta=(\{.*?\}) -->\s*```http\n([\s\S]*?)```[\s\S]*?```log\n([\s\S]*?)```/g;

/** The cases in the files of a folder, those for its lenient modes and its pausing too. */
export function readLlhttpCases(folder: string): LlhttpCase[] {
  const times = new Map<string, number>();
  return globSync("*.md", { cwd: folder })
    .toSorted()
    .flatMap((file) => {
      const text = readFileSync(join(folder, file), "utf8");
      return Array.from(text.matchAll(BLOCKS), (match) => {
        const meta = JSON.parse(match[1] ?? "") as { readonly type: string; readonly skipBody?: boolean };
        const title = [...text.slice(0, match.index).matchAll(/^#{2,4} (.*)$/gm)].at(-1)?.[1] ?? "";
        const name = `${file.slice(0, -3)}: ${title}`;
        const time = (times.get(name) ?? 0) + 1;
        times.set(name, time);
        const [, kind, mode = ""] = /^(request|response)-?(.*)$/.exec(meta.type) ?? [];
        return {
          name: time === 1 ? name : `${name} (${time})`,
          kind: kind as LlhttpKind,
          leniency: mode === "finish" ? "" : mode,
          isHead: meta.skipBody === true,
          input: unescape(match[2] ?? ""),
          ...readLog(match[3] ?? ""),
        };
      });
    });
}

/** Line ends are CR LF except where they are written out. */
function unescape(block: string): string {
  return block
    .replace(/\n$/, "")
    .replaceAll(/\\\n/g, "")
    .replaceAll("\n", "\r\n")
    .replaceAll("\\r", "\r")
    .replaceAll("\\n", "\n")
    .replaceAll("\\t", "\t")
    .replaceAll("\\f", "\f")
    .replaceAll(/\\x([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function readLog(log: string): Pick<LlhttpCase, "messages" | "rest" | "error"> {
  const messages: LoggedMessage[] = [];
  let open: { method: string; url: string; status: number; body: string } | undefined;
  let error = "";
  for (const line of log.split("\n")) {
    const span = /span\[(\w+)\]="(.*)"$/.exec(line);
    if (/message begin/.test(line)) open = { method: "", url: "", status: 0, body: "" };
    else if (open !== undefined && span !== null) {
      const value = unescape(`${span[2] ?? ""}\n`);
      if (span[1] === "method") open.method += value;
      else if (span[1] === "url") open.url += value;
      else if (span[1] === "body") open.body += value;
    } else if (/message complete/.test(line) && open !== undefined) {
      messages.push(open);
      open = undefined;
    } else if (/error code=/.test(line)) error = line.slice(line.indexOf("error"));
    const status = /headers complete status=(\d+)/.exec(line);
    if (status !== null && open !== undefined) open.status = Number(status[1]);
  }
  // Code 22 is no error: what follows is another protocol.
  return { messages, rest: open, error: error.startsWith("error code=22") ? "" : error };
}

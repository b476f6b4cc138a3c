import type { IncomingMessage } from "node:http";
import { AppError, isRecord } from "../../kernel/index.ts";
import { readBody } from "./change.ts";

/** The processes behind what the console shows, for programs that break them; implemented by the lab. */
export interface ConsoleComponents {
  /** Plain JSON: the lab's `LabComponent`. */
  list(): readonly { readonly name: string }[];
  /** Resolves when it is done, with one line for people. Throws AppError. */
  change(name: string, verb: "stop" | "start" | "restart", signal: "TERM" | "KILL"): Promise<string>;
}

const VERBS = ["stop", "start", "restart"] as const;

/**
 * `POST /api/components/NAME/VERB`, where NAME has slashes of its own; `path` is what follows `/api/components/`.
 * The body is `{}` or `{"signal": "KILL"}`.
 * @throws AppError CONSOLE_NOT_FOUND, CONSOLE_BODY, CONSOLE_BODY_TOO_LARGE, or what the change throws
 */
export async function changeComponent(components: ConsoleComponents | undefined, path: string, request: IncomingMessage): Promise<string> {
  const slash = path.lastIndexOf("/");
  const name = decode(path.slice(0, Math.max(0, slash)));
  const verb = VERBS.find((each) => each === path.slice(slash + 1));
  if (components === undefined || verb === undefined || name === "")
    throw new AppError(
      "CONSOLE_NOT_FOUND",
      "there is nothing at this path; a component takes POST /api/components/NAME/stop, start or restart",
    );
  return components.change(name, verb, signalOf(await readBody(request)));
}

function signalOf(body: unknown): "TERM" | "KILL" {
  const { signal = "TERM", ...others } = isRecord(body) ? body : { others: body };
  if (Object.keys(others).length > 0 || (signal !== "TERM" && signal !== "KILL"))
    throw new AppError("CONSOLE_BODY", 'the body is {} or {"signal": "TERM"} or {"signal": "KILL"}, and nothing else');
  return signal;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

import type { IncomingMessage } from "node:http";
import { AppError } from "../../kernel/index.ts";
import type { ConsoleActions, ConsoleSnapshot } from "../contract.ts";

const BODY_LIMIT_BYTES = 4096;
const TARGET_LIMIT = 253;

/**
 * The JSON of a body; an empty one is `{}`, and what is no JSON undefined.
 * @throws AppError CONSOLE_BODY_TOO_LARGE
 */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_LIMIT_BYTES)
      throw new AppError("CONSOLE_BODY_TOO_LARGE", `the body of an action is at most ${BODY_LIMIT_BYTES} bytes`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  return text.trim() === "" ? {} : parse(text);
}

/**
 * Reads `{"target": "..."}` or an empty body.
 * @throws AppError CONSOLE_BODY_TOO_LARGE, CONSOLE_BODY
 */
export async function readTarget(request: IncomingMessage): Promise<string | null> {
  const target = targetOf(await readBody(request));
  if (target === undefined) throw new AppError("CONSOLE_BODY", 'the body of an action is {} or {"target": "NAME"}, and nothing else');
  return target;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function targetOf(value: unknown): string | null | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const entries = Object.entries(value);
  if (entries.some(([key]) => key !== "target")) return undefined;
  const target: unknown = entries[0]?.[1] ?? null;
  if (target === null) return null;
  return typeof target === "string" && target !== "" && target.length <= TARGET_LIMIT ? target : undefined;
}

/**
 * Does the action if it exists, is enabled and fits its target.
 * @throws AppError CONSOLE_NO_ACTION, CONSOLE_ACTION_DISABLED, CONSOLE_TARGET, or what the action throws
 */
export async function runAction(
  actions: ConsoleActions,
  snapshot: () => ConsoleSnapshot,
  name: string,
  target: string | null,
): Promise<string> {
  const action = actions.list().find((candidate) => candidate.name === name);
  if (action === undefined) throw new AppError("CONSOLE_NO_ACTION", "there is no such action; GET /api/actions lists them");
  if (!action.enabled) throw new AppError("CONSOLE_ACTION_DISABLED", `${action.label}: ${action.whyNot ?? "not possible now"}`);
  const allowed = action.kind === "held" ? snapshot().held.map((held) => held.id) : action.targets.map((choice) => choice.value);
  const fits = target === null ? allowed.length === 0 && action.kind !== "held" : allowed.includes(target);
  if (!fits) {
    const choices = allowed.length === 0 ? "none" : allowed.slice(0, 8).join(", ");
    throw new AppError("CONSOLE_TARGET", `${action.label}: the target must be one of those it takes (now: ${choices})`);
  }
  return actions.run(name, target);
}

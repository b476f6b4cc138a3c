import { messageOf } from "../../kernel/index.ts";
import type { Json } from "../document/json.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";

const TIMEOUT_MS = 10_000;

/** The control API of a fault proxy, or of Toxiproxy. */
export interface ProxyApi {
  /** `127.0.0.1:8474`. */
  readonly control: string;
  readonly token: string | undefined;
}

/** Asks; answers the body, null where there is none. Rejects with {@link ActivityFailed} for an error, with its words. */
export async function callProxy(api: ProxyApi, method: string, path: string, body?: Json): Promise<Json> {
  const about = `fault proxy ${api.control}, ${method} ${path}`;
  let status: number;
  let text: string;
  try {
    const answer = await fetch(`http://${api.control}${path}`, {
      method,
      headers: api.token === undefined ? {} : { authorization: `Bearer ${api.token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    status = answer.status;
    text = await answer.text();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new ActivityFailed(`${about}: ${messageOf(cause)}`);
  }
  if (status >= 300) throw new ActivityFailed(`${about}: ${status} ${text.trim()}`);
  return text.trim() === "" ? null : (JSON.parse(text) as Json);
}

import { isRecord } from "../../../kernel/index.ts";
import type { Json } from "../../document/json.ts";
import { ActivityFailed } from "../../provider/activity-failed.ts";
import type { AliasCall } from "../python-function.ts";

/** A list as the server writes it, in one page. What is no list is an error, and not an empty one. */
export async function rawList(call: AliasCall, path: string, query: Readonly<Record<string, string | undefined>>): Promise<Json> {
  const given = Object.entries(query).filter((field): field is [string, string] => field[1] !== undefined);
  const client = await call.client();
  const answer = await client.requestJson({ path, query: Object.fromEntries(given), signal: call.signal });
  if (!isRecord(answer) || !String(answer["kind"]).endsWith("List") || !Array.isArray(answer["items"]))
    throw new ActivityFailed(`GET ${path}: the answer is no list`);
  return answer as Json;
}

import { readFileSync } from "node:fs";
import { messageOf } from "../../kernel/index.ts";
import { type Json, type JsonObject, textAt, written } from "../document/json.ts";
import type { UndoKind, UndoRecord } from "../fault/fault.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { type ProxyApi, callProxy } from "./proxy-api.ts";

const KIND = "proxy/api";

/** The fault proxy that an activity names. Throws {@link ActivityFailed} when its token cannot be read. */
export function apiOf(given: JsonObject): ProxyApi {
  const tokenFile = textAt(given, "token_file");
  return { control: textAt(given, "control") ?? "127.0.0.1:8474", token: tokenFile === undefined ? undefined : readToken(tokenFile) };
}

/** One request to the API puts it back; the ledger gets the name of the token's file, not the token. */
export function apiCall(given: JsonObject, method: string, path: string, body: Json = null): UndoRecord {
  return { kind: KIND, control: apiOf(given).control, tokenFile: textAt(given, "token_file") ?? null, method, path, body };
}

export const apiUndo: UndoKind = {
  kind: KIND,
  async undo({ control, tokenFile, method, path, body }) {
    const api = { control: written(control), token: typeof tokenFile === "string" ? readToken(tokenFile) : undefined };
    try {
      await callProxy(api, written(method), written(path), ...(body === null || body === undefined ? [] : [body]));
    } catch (error) {
      // What is not there is not in the way; a proxy that is gone has taken its faults along.
      if (!/ 404 |ECONNREFUSED/.test(messageOf(error))) throw error;
    }
  },
  byHand: ({ control, method, path, body }) =>
    `curl -X ${written(method)} http://${written(control)}${written(path)}${body === null ? "" : ` -d '${written(body)}'`}`,
};

function readToken(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new ActivityFailed(`${file} cannot be read: ${messageOf(error)}`);
  }
}

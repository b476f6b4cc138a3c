import { type Json, type JsonObject, isEmpty, isObject, written } from "../../document/json.ts";
import type { PreparedFault, UndoKind } from "../../fault/fault.ts";
import { ActivityFailed } from "../../provider/activity-failed.ts";
import { runHttp } from "../../provider/run-http.ts";
import { pythonText } from "../../values/substitute.ts";
import type { AliasCall } from "../python-function.ts";

const KIND = "chaostoxi/request";

interface Answered {
  readonly isOk: boolean;
  readonly status: number;
  readonly body: Json;
}

/** Where the API of Toxiproxy is: `toxiproxy_url`, else `toxiproxy_host` and `toxiproxy_port` (8474), of the configuration. */
export function toxiproxyUrl({ configuration }: Pick<AliasCall, "configuration">): string {
  const { toxiproxy_url: url, toxiproxy_host: host, toxiproxy_port: port } = configuration;
  if (url !== undefined && !isEmpty(url)) return pythonText(url);
  if (host === undefined || isEmpty(host))
    throw new ActivityFailed("the configuration says no toxiproxy_url, and no toxiproxy_host: where is Toxiproxy?");
  return `http://${pythonText(host)}:${port === undefined || isEmpty(port) ? 8474 : pythonText(port)}`;
}

export async function toxiproxy(url: string, method: string, path: string, signal: AbortSignal, body?: JsonObject): Promise<Answered> {
  const provider = {
    url: url + path,
    method,
    headers: { "Content-Type": "application/json" },
    timeout: 10,
    ...(body === undefined ? {} : { arguments: body }),
  };
  const answer = await runHttp(provider, { configuration: {}, secrets: {} }, signal);
  const { status, body: text } = isObject(answer) ? answer : {};
  return { isOk: typeof status === "number" && status < 400, status: Number(status), body: parsed(text ?? null) };
}

/** The body, where Toxiproxy writes a charset beside its type. */
function parsed(body: Json): Json {
  if (typeof body !== "string") return body;
  try {
    return JSON.parse(body) as Json;
  } catch {
    return body;
  }
}

interface ToxiproxyFault {
  readonly url: string;
  readonly kind: string;
  readonly label: string;
  readonly victim: string;
  readonly apply: (signal: AbortSignal) => Promise<Json>;
  readonly undo: { readonly method: string; readonly path: string; readonly body: JsonObject | null };
  /** What is asked, and whether that shows the fault. */
  readonly look: string;
  readonly shows: (answer: Answered) => boolean;
}

/** Something that is changed in Toxiproxy; one more request puts it back. */
export function prepareToxiproxy({ url, kind, label, victim, apply, undo, look, shows }: ToxiproxyFault): PreparedFault {
  const seen = async (signal: AbortSignal, wanted: boolean) => {
    const answer = await toxiproxy(url, "GET", look, signal);
    return { seen: shows(answer) === wanted, evidence: `GET ${look}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 200)}` };
  };
  return {
    kind,
    label,
    victims: [victim],
    undo: { kind: KIND, url, ...undo },
    apply,
    witness: {
      label: `Toxiproxy at ${url}`,
      isInjected: (signal) => seen(signal, true),
      isReverted: (signal) => seen(signal, false),
    },
  };
}

export const toxiproxyUndo: UndoKind = {
  kind: KIND,
  async undo({ url, method, path, body }, { signal }) {
    const { isOk, status } = await toxiproxy(written(url), written(method), written(path), signal, isObject(body) ? body : undefined);
    // What is not there need not be taken away.
    if (!isOk && status !== 404) throw new ActivityFailed(`Toxiproxy answered ${status} to ${written(method)} ${written(path)}`);
  },
  byHand: ({ url, method, path, body }) =>
    `curl -X ${written(method)} ${written(url)}${written(path)}${isObject(body) ? ` -d '${JSON.stringify(body)}'` : ""}`,
};

import { Agent, request } from "undici";
import { type Json, type JsonObject, isEmpty, isList, isObject, written } from "../document/json.ts";
import { type Values, pythonText, substitute, substituteArguments } from "../values/substitute.ts";
import { ActivityFailed } from "./activity-failed.ts";

const BODY_LIMIT_BYTES = 16 * 1024 * 1024;
const REDIRECT_LIMIT = 30;
const RETRY_PAUSE_MS = 100;
const TOO_LONG = "activity took too long to complete";

/**
 * Makes a request; a status of 400 and above is an answer, not a failure (chaostoolkit-lib, `run_http_activity`). Arguments are the query of a GET,
 * else JSON when the header Content-Type says exactly so, else a form. Rejects with {@link ActivityFailed} when nothing is answered.
 */
export async function runHttp(provider: JsonObject, values: Values, signal: AbortSignal): Promise<Json> {
  const method = written(provider["method"] ?? "GET").toUpperCase();
  const headers = substitute(provider["headers"] ?? null, values);
  const args = substituteArguments(provider["arguments"] ?? null, values);
  const url = new URL(written(substitute(provider["url"] ?? "", values)));
  const [connectMs, readMs] = timeoutsOf(substitute(provider["timeout"] ?? null, values));
  // The client's own limits are as coarse as a second.
  const late = new AbortController();
  const timer = readMs > 0 ? setTimeout(() => late.abort(), connectMs === readMs ? readMs : connectMs + readMs) : undefined;
  const fields: Record<string, string> = { "user-agent": "holdfast-experiment", accept: "*/*", ...textsOf(headers) };
  let body: string | undefined;
  if (method === "GET") appendQuery(url, args);
  else if (!isEmpty(args)) body = bodyOf(args, fields);
  const agent = new Agent({ connect: { timeout: connectMs, rejectUnauthorized: provider["verify_tls"] !== false } });
  try {
    const ended = AbortSignal.any([signal, late.signal]);
    return await answered(url, { method, headers: fields, body, agent, signal: ended, retries: Number(provider["max_retries"] ?? 0) });
  } catch (error) {
    if (signal.aborted) throw new ActivityFailed("interrupted");
    if (late.signal.aborted) throw new ActivityFailed(TOO_LONG);
    throw error;
  } finally {
    clearTimeout(timer);
    void agent.destroy();
  }
}

interface Sent {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
  readonly agent: Agent;
  readonly signal: AbortSignal;
  readonly retries: number;
}

async function answered(first: URL, sent: Sent): Promise<Json> {
  let url = first;
  let { method, body, headers: fields } = sent;
  for (let redirects = 0; ; redirects++) {
    const { statusCode, headers: raw, body: stream } = await connected(url, { ...sent, method, body, headers: fields });
    const headers = fieldsOf(raw as unknown as readonly string[]);
    const location = valueOf(headers, "location");
    if (statusCode >= 300 && statusCode < 400 && statusCode !== 304 && location !== undefined) {
      if (redirects >= REDIRECT_LIMIT) throw new ActivityFailed(`Exceeded ${REDIRECT_LIMIT} redirects.`);
      await stream.dump();
      url = new URL(location, url);
      if (statusCode === 303 || (statusCode < 303 && method === "POST")) {
        method = method === "HEAD" ? "HEAD" : "GET";
        body = undefined;
        fields = Object.fromEntries(Object.entries(fields).filter(([name]) => !/^content-(type|length)$/i.test(name)));
      }
      continue;
    }
    const text = await textOf(stream);
    const isJson = valueOf(headers, "content-type") === "application/json";
    return { status: statusCode, headers, body: isJson && method !== "HEAD" ? (JSON.parse(text) as Json) : text };
  }
}

async function connected(url: URL, { method, headers, body, agent, signal, retries }: Sent): ReturnType<typeof request> {
  for (let left = retries; ; left--) {
    try {
      return await request(url, {
        method: method as "GET",
        headers,
        body: body ?? null,
        dispatcher: agent,
        headersTimeout: 0,
        bodyTimeout: 0,
        // As the server wrote their names.
        responseHeaders: "raw",
        signal,
      });
    } catch (error) {
      if (signal.aborted) throw error;
      const { code, message } = error as { readonly code?: string; readonly message: string };
      if (code?.includes("TIMEOUT") === true) throw new ActivityFailed(TOO_LONG);
      if (left <= 0) throw new ActivityFailed(`failed to connect to ${url.href}: ${message === "" ? (code ?? "") : message}`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
    }
  }
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > BODY_LIMIT_BYTES) throw new ActivityFailed(`the body is larger than ${BODY_LIMIT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** One number of seconds for all, or one for connecting and one for reading; none waits for ever, as requests does. */
function timeoutsOf(timeout: Json): readonly [connectMs: number, readMs: number] {
  const [connect, read] = isList(timeout) ? timeout : [timeout, timeout];
  return [Number(connect ?? 0) * 1000, Number(read ?? 0) * 1000];
}

function appendQuery(url: URL, args: Json): void {
  if (typeof args === "string" && args !== "") url.search += `${url.search === "" ? "" : "&"}${args}`;
  if (!isObject(args)) return;
  for (const [name, value] of Object.entries(args))
    for (const one of isList(value) ? value : [value])
      if (one !== null && one !== undefined) url.searchParams.append(name, pythonText(one));
}

/** The body of a request; says its type in `fields`. */
function bodyOf(args: Json, fields: Record<string, string>): string {
  if (fields["Content-Type"] === "application/json") return JSON.stringify(args);
  if (!isObject(args)) return pythonText(args);
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(args))
    for (const one of isList(value) ? value : [value]) if (one !== null && one !== undefined) form.append(name, pythonText(one));
  if (!Object.keys(fields).some((name) => name.toLowerCase() === "content-type"))
    fields["content-type"] = "application/x-www-form-urlencoded";
  return form.toString();
}

function textsOf(headers: Json): Record<string, string> {
  return isObject(headers) ? Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, pythonText(value ?? null)])) : {};
}

function fieldsOf(raw: readonly string[]): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {};
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = String(raw[at]);
    const value = String(raw[at + 1]);
    fields[name] = fields[name] === undefined ? value : `${fields[name]}, ${value}`;
  }
  return fields;
}

function valueOf(fields: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.entries(fields).find(([known]) => known.toLowerCase() === name)?.[1];
}

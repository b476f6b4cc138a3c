import { isRecord } from "../../../kernel/index.ts";
import type { Attributes, StreamName, Toxic } from "../tcp/toxic.ts";
import type { FrontSettings } from "../http/front.ts";
import type { UpstreamSettings } from "../http/upstream.ts";
import { toxicKind } from "../tcp/toxic-kinds.ts";
import { Refused } from "./refused.ts";

/** What a body says of a proxy; what it does not say stays as it is. */
export interface ProxyInput {
  readonly name: string | undefined;
  readonly listen: string | undefined;
  readonly upstream: string | undefined;
  readonly enabled: boolean | undefined;
  /** Of a proxy that understands HTTP; undefined for one that passes bytes. */
  readonly http?: HttpInput;
}

/** PEM texts and who we are for the upstream, whose URL is the proxy's `upstream`. */
export interface HttpInput {
  readonly tls: FrontSettings["tls"];
  readonly upstreamTls: Omit<UpstreamSettings, "url" | "from">;
}

/** Throws {@link Refused}. */
export function readJson(text: string): unknown {
  if (text.trim() === "") throw badBody("EOF");
  try {
    return JSON.parse(text);
  } catch {
    throw badBody("unexpected EOF or no JSON");
  }
}

export function readProxy(value: unknown): ProxyInput {
  const fields = fieldsOf(value);
  return {
    name: text(fields, "name"),
    listen: text(fields, "listen"),
    upstream: text(fields, "upstream"),
    enabled: flag(fields, "enabled"),
    ...readHttp(fields),
  };
}

function readHttp(fields: Readonly<Record<string, unknown>>): { readonly http?: HttpInput } {
  const protocol = text(fields, "protocol") ?? "tcp";
  if (protocol === "tcp") return {};
  if (protocol !== "http") throw badBody('protocol must be "tcp" or "http"');
  const url = URL.parse(text(fields, "upstream") ?? "");
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname !== "/" || url.username !== "")
    throw badBody("the upstream of a proxy for HTTP must be a URL as in https://127.0.0.1:6443");
  const tls = fields["tls"] === undefined ? undefined : fieldsOf(fields["tls"]);
  const behind = fields["upstream_tls"] === undefined ? {} : fieldsOf(fields["upstream_tls"]);
  const named = {
    ca: "ca",
    serverName: "server_name",
    certificate: "certificate",
    key: "key",
    token: "token",
    tokenFile: "token_file",
  } as const;
  const texts = Object.entries(named).flatMap(([name, field]) => {
    const value = text(behind, field);
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    http: {
      tls: tls === undefined ? undefined : { certificate: text(tls, "certificate") ?? "", key: text(tls, "key") ?? "" },
      upstreamTls: { ...Object.fromEntries(texts), insecure: flag(behind, "insecure") === true },
    },
  };
}

/** A list of proxies, each with a name and an upstream. */
export function readProxies(value: unknown): readonly ProxyInput[] {
  if (!Array.isArray(value)) throw badBody("write a list of proxies");
  const proxies = value.map(readProxy);
  for (const [at, { name, upstream }] of proxies.entries()) {
    if (name === undefined || name === "") throw missing(`name at proxy ${at + 1}`);
    if (upstream === undefined || upstream === "") throw missing(`upstream at proxy ${at + 1}`);
  }
  return proxies;
}

/** A toxic to be added; downstream and for every connection unless it says otherwise. */
export function readToxic(value: unknown): Toxic {
  const fields = fieldsOf(value);
  const type = text(fields, "type") ?? "";
  const stream = (text(fields, "stream") ?? "downstream").toLowerCase();
  const toxicity = number(fields, "toxicity") ?? 1;
  if (stream !== "upstream" && stream !== "downstream") throw new Refused(400, "stream was invalid, can be either upstream or downstream");
  const kind = toxicKind(type);
  if (kind === undefined) throw new Refused(400, "invalid toxic type");
  const given = text(fields, "name") ?? "";
  const name = given === "" ? `${type}_${stream}` : given;
  return {
    name,
    type,
    stream: stream satisfies StreamName,
    toxicity,
    attributes: readAttributes(fields["attributes"], type, kind.defaults),
  };
}

/** A toxic as it is after a change: attributes and toxicity that are not said stay. */
export function readToxicChange(value: unknown, toxic: Toxic): Toxic {
  const fields = fieldsOf(value);
  return {
    ...toxic,
    toxicity: number(fields, "toxicity") ?? toxic.toxicity,
    attributes: readAttributes(fields["attributes"], toxic.type, toxic.attributes),
  };
}

function readAttributes(value: unknown, type: string, before: Attributes): Attributes {
  if (value === undefined || value === null) return checked(before, type);
  const given = fieldsOf(value);
  const entries = Object.entries(before).map(([name, old]): [string, number | string] => {
    const field = given[name];
    if (field === undefined || field === null) return [name, old];
    if (typeof field !== typeof old) throw badBody(`json: cannot unmarshal ${kindOf(field)} into attributes.${name} of ${type}`);
    if (typeof field === "number" && name !== "probability" && !Number.isSafeInteger(field))
      throw badBody(`json: cannot unmarshal number ${field} into attributes.${name} of ${type}: write a whole number`);
    return [name, field as number | string];
  });
  return checked(Object.fromEntries(entries), type);
}

function checked(attributes: Attributes, type: string): Attributes {
  const problem = toxicKind(type)?.check?.(attributes);
  if (problem !== undefined) throw badBody(problem);
  return attributes;
}

/** By lower-case names, as Go reads JSON. */
function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw badBody(`json: cannot unmarshal ${kindOf(value)} into an object`);
  return Object.assign(Object.create(null), Object.fromEntries(Object.entries(value).map(([name, field]) => [name.toLowerCase(), field])));
}

function text(fields: Readonly<Record<string, unknown>>, name: string): string | undefined {
  return field(fields, name, "string");
}

function number(fields: Readonly<Record<string, unknown>>, name: string): number | undefined {
  return field(fields, name, "number");
}

function flag(fields: Readonly<Record<string, unknown>>, name: string): boolean | undefined {
  return field(fields, name, "boolean");
}

interface Kinds {
  string: string;
  number: number;
  boolean: boolean;
}

function field<K extends keyof Kinds>(fields: Readonly<Record<string, unknown>>, name: string, kind: K): Kinds[K] | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== kind) throw badBody(`json: cannot unmarshal ${kindOf(value)} into ${name} of type ${kind}`);
  return value as Kinds[K];
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

export function missing(what: string): Refused {
  return new Refused(400, `missing required field: ${what}`);
}

function badBody(why: string): Refused {
  return new Refused(400, `bad request body: ${why}`);
}

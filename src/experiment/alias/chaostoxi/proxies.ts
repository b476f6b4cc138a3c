import { type Json, type JsonObject, isObject, textAt, written } from "../../document/json.ts";
import { ActivityFailed } from "../../provider/activity-failed.ts";
import { pythonText } from "../../values/substitute.ts";
import type { Given } from "../given.ts";
import { REQUIRED } from "../parameters.ts";
import { type AliasCall, moduleOf } from "../python-function.ts";
import { prepareToxiproxy, toxiproxy, toxiproxyUrl } from "./toxiproxy.ts";

const pathOf = (name: string): string => `/proxies/${encodeURIComponent(name)}`;

/** `env:NAME` is what the environment says. */
function resolved(given: Given, name: string, { environment }: AliasCall): string {
  const text = given.text(name);
  if (!text.startsWith("env:")) return text;
  const value = environment[text.slice(4)];
  if (value === undefined) throw new ActivityFailed(`the environment variable ${text.slice(4)} is not set (argument '${name}')`);
  return value;
}

/** Later activities find the port as `${NAME_PORT}`, and programs in their environment. */
function publishPort(name: string, proxy: JsonObject, call: AliasCall): void {
  const port = (textAt(proxy, "listen") ?? "").split(":").at(-1) ?? "";
  if (!/^\d+$/.test(port)) throw new ActivityFailed(`Toxiproxy says no port for ${name}: ${JSON.stringify(proxy)}`);
  call.publish(`${name}_PORT`, port);
}

async function createProxy(given: Given, call: AliasCall): Promise<Json> {
  const name = given.text("proxy_name");
  const body = {
    name,
    listen: `${given.text("listen_host")}:${given.text("listen_port")}`,
    upstream: `${resolved(given, "upstream_host", call)}:${resolved(given, "upstream_port", call)}`,
    enabled: given.flag("enabled"),
  };
  const answer = await toxiproxy(toxiproxyUrl(call), "POST", "/proxies", call.signal, body);
  if (!answer.isOk || !isObject(answer.body))
    throw new ActivityFailed(`proxy ${name} was not made: ${answer.status} ${written(answer.body)}`);
  publishPort(name, answer.body, call);
  return true;
}

async function change(name: string, fields: JsonObject, call: AliasCall): Promise<Json> {
  const answer = await toxiproxy(toxiproxyUrl(call), "POST", pathOf(name), call.signal, fields);
  if (!answer.isOk || !isObject(answer.body))
    throw new ActivityFailed(`proxy ${name} was not changed: ${answer.status} ${written(answer.body)}`);
  publishPort(name, answer.body, call);
  return true;
}

const disabledOf = (name: string): string => `proxy ${name} is disabled`;

async function disable(given: Given, call: AliasCall): Promise<Json> {
  const name = given.text("proxy_name");
  return call.inject(
    prepareToxiproxy({
      url: toxiproxyUrl(call),
      kind: "proxy/disable",
      label: disabledOf(name),
      victim: name,
      apply: () => change(name, { enabled: false }, call),
      undo: { method: "POST", path: pathOf(name), body: { enabled: true } },
      look: pathOf(name),
      shows: ({ body }) => isObject(body) && body["enabled"] === false,
    }),
  );
}

async function enable(given: Given, call: AliasCall): Promise<Json> {
  const name = given.text("proxy_name");
  return (await call.putBack(({ label }) => label === disabledOf(name))) || change(name, { enabled: true }, call);
}

function modify(given: Given, call: AliasCall): Promise<Json> {
  const named = [
    ["listen", given.value("listen_address")],
    ["upstream", given.value("upstream_address")],
    ["enabled", given.value("enabled")],
  ] as const;
  const fields = Object.fromEntries(named.filter(([, value]) => value !== null));
  if (fields["enabled"] === false && Object.keys(fields).length === 1) return disable(given, call);
  return change(given.text("proxy_name"), fields, call);
}

/** What does not work is a warning only, as in the package. */
async function remove(given: Given, call: AliasCall): Promise<Json> {
  await toxiproxy(toxiproxyUrl(call), "DELETE", pathOf(given.text("proxy_name")), call.signal).catch(() => undefined);
  return null;
}

async function read(given: Given, call: AliasCall): Promise<JsonObject | undefined> {
  const { isOk, body } = await toxiproxy(toxiproxyUrl(call), "GET", pathOf(given.text("proxy_name")), call.signal);
  return isOk && isObject(body) ? body : undefined;
}

async function attribute(given: Given, call: AliasCall): Promise<Json> {
  const proxy = await read(given, call);
  const value = proxy?.[given.text("attribute")];
  if (proxy !== undefined && value === undefined) throw new ActivityFailed(`a proxy has no ${pythonText(given.value("attribute"))}`);
  return value ?? null;
}

const NAMED = { proxy_name: REQUIRED } as const;

export const toxiproxyProxies = [
  ...moduleOf("chaostoxi.proxy.actions", {
    create_proxy: [
      { ...NAMED, upstream_host: REQUIRED, upstream_port: REQUIRED, listen_host: "0.0.0.0", listen_port: 0, enabled: true },
      createProxy,
    ],
    disable_proxy: [NAMED, disable],
    enable_proxy: [NAMED, enable],
    modify_proxy: [{ ...NAMED, listen_address: null, upstream_address: null, enabled: null }, modify],
    delete_proxy: [NAMED, remove],
    reset: [{}, async (_given, call) => (await toxiproxy(toxiproxyUrl(call), "POST", "/reset", call.signal)).isOk],
  }),
  ...moduleOf("chaostoxi.proxy.probes", {
    proxy_exist: [NAMED, async (given, call) => (await read(given, call))?.["name"] === given.value("proxy_name")],
    get_proxy_attribute: [{ ...NAMED, attribute: REQUIRED }, attribute],
  }),
];

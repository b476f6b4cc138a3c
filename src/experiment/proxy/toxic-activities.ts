import { messageOf } from "../../kernel/index.ts";
import { type Json, type JsonObject, isObject, textAt, written } from "../document/json.ts";
import { parseAddress } from "../fault-proxy/address.ts";
import { readToxic } from "../fault-proxy/control/read-body.ts";
import type { PreparedFault } from "../fault/fault.ts";
import type { ArgumentProblem, ArgumentRules } from "../native/argument-rules.ts";
import type { NativeActivity, NativeCall } from "../native/native-activity.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { apiCall, apiOf } from "./api-undo.ts";
import { PROBE_ARGUMENTS, injectOptions, linkWitness, slowedMs } from "./link-witness.ts";
import { callProxy } from "./proxy-api.ts";
import { seesToxics } from "./toxic-sight.ts";

/** Which fault proxy, or Toxiproxy, is asked. */
export const CONTROL_ARGUMENTS: ArgumentRules = {
  control: { type: "string", default: "127.0.0.1:8474", summary: "ADDR:PORT of the API of a fault proxy, or of Toxiproxy" },
  token_file: { type: "string", summary: "the file of the token that the fault proxy was started with" },
};

const SECONDS: ArgumentRules = {
  seconds: {
    type: "number",
    least: 0.1,
    most: 86_400,
    summary: "after how many seconds it is taken back; at the end of the run when left out",
  },
};

/** A toxic on a proxy that is there; taken off at the end. */
const toxic: NativeActivity = {
  name: "proxy/toxic",
  does: "action",
  summary: "sets a toxic on a proxy of a fault proxy that runs, or of Toxiproxy",
  arguments: {
    proxy: { type: "string", required: true, summary: "the name of the proxy" },
    type: { type: "string", required: true, summary: "the type of the toxic, as in latency" },
    attributes: { type: "object", summary: "its attributes" },
    stream: { type: "string", choices: ["downstream", "upstream"], default: "downstream", summary: "the direction" },
    toxicity: { type: "number", least: 0, most: 1, default: 1, summary: "the share of connections" },
    name: { type: "string", summary: "its name; TYPE_STREAM when left out" },
    ...SECONDS,
    ...CONTROL_ARGUMENTS,
    ...PROBE_ARGUMENTS,
  },
  check: checkToxic,
  async run(given, call) {
    const api = apiOf(given);
    const proxy = textAt(given, "proxy") ?? "";
    const path = `/proxies/${encodeURIComponent(proxy)}`;
    const shown = await callProxy(api, "GET", path);
    const { listen, upstream } = addressesOf(shown, proxy);
    const one = readToxic(given);
    const fault: PreparedFault = {
      kind: "proxy/toxic",
      label: `${one.type} ${one.stream} on proxy ${proxy}`,
      victims: [proxy],
      undo: apiCall(given, "DELETE", `${path}/toxics/${encodeURIComponent(one.name)}`),
      apply: () => callProxy(api, "POST", `${path}/toxics`, { ...one }),
      witness: linkWitness(
        { through: listen, around: upstream, aroundFrom: undefined, slowedMs: slowedMs([one]) },
        given,
        call.clock,
        (looks) => seesToxics([one], looks),
      ),
    };
    const { output } = await call.faults.inject(fault, injectOptions(given, slowedMs([one])));
    return output;
  },
};

const disable: NativeActivity = {
  name: "proxy/disable",
  does: "action",
  summary: "makes a proxy refuse connections, and ends those that are open",
  arguments: {
    proxy: { type: "string", required: true, summary: "the name of the proxy" },
    ...SECONDS,
    ...CONTROL_ARGUMENTS,
    ...PROBE_ARGUMENTS,
  },
  async run(given, call) {
    const api = apiOf(given);
    const proxy = textAt(given, "proxy") ?? "";
    const path = `/proxies/${encodeURIComponent(proxy)}`;
    const { listen, upstream } = addressesOf(await callProxy(api, "GET", path), proxy);
    const fault: PreparedFault = {
      kind: "proxy/disable",
      label: `proxy ${proxy} refuses`,
      victims: [proxy],
      undo: apiCall(given, "PATCH", path, { enabled: true }),
      apply: () => callProxy(api, "PATCH", path, { enabled: false }),
      witness: linkWitness({ through: listen, around: upstream, aroundFrom: undefined, slowedMs: 0 }, given, call.clock, ({ through }) => ({
        seen: through.error === "ECONNREFUSED",
        evidence: `a connection to it: ${through.error ?? "answered"}`,
      })),
    };
    const { output } = await call.faults.inject(fault, injectOptions(given, 0));
    return output;
  },
};

const add: NativeActivity = {
  name: "proxy/add",
  does: "action",
  summary: "makes a proxy; it is removed at the end",
  arguments: {
    name: { type: "string", required: true, summary: "its name" },
    listen: { type: "string", default: "127.0.0.1:0", summary: "ADDR:PORT where it listens" },
    upstream: { type: "string", required: true, summary: "HOST:PORT that it passes on to" },
    ...SECONDS,
    ...CONTROL_ARGUMENTS,
    ...PROBE_ARGUMENTS,
  },
  check: (given) => ["listen", "upstream"].flatMap((argument) => checkAddressIn(given, argument)),
  async run(given, call) {
    const api = apiOf(given);
    const name = textAt(given, "name") ?? "";
    const path = `/proxies/${encodeURIComponent(name)}`;
    let listen = parseAddress(textAt(given, "listen") ?? "");
    const upstream = parseAddress(textAt(given, "upstream") ?? "");
    const connectable = (look: "isInjected" | "isReverted") => async (signal: AbortSignal) => {
      const isOpen = look === "isInjected";
      const way = { through: listen, around: upstream, aroundFrom: undefined, slowedMs: 0 };
      const witness = linkWitness(way, given, call.clock, ({ through }) => ({
        seen: (through.error !== "ECONNREFUSED") === isOpen,
        evidence: `a connection to it: ${through.error ?? "answered"}`,
      }));
      return witness.isInjected(signal);
    };
    const fault: PreparedFault = {
      kind: "proxy/add",
      label: `proxy ${name} before ${textAt(given, "upstream")}`,
      victims: [],
      undo: apiCall(given, "DELETE", path),
      async apply() {
        const made = await callProxy(api, "POST", "/proxies", { name, listen: given["listen"], upstream: given["upstream"] });
        listen = addressesOf(made, name).listen;
        return made;
      },
      witness: { label: `a connection to proxy ${name}`, isInjected: connectable("isInjected"), isReverted: connectable("isReverted") },
    };
    const { output } = await call.faults.inject(fault, injectOptions(given, 0));
    return output;
  },
};

/** What only asks, or takes something off that is in the way. */
function plain(
  name: string,
  does: "probe" | "action",
  summary: string,
  args: ArgumentRules,
  request: (given: JsonObject) => readonly [string, string, Json?],
): NativeActivity {
  return {
    name,
    does,
    summary,
    arguments: { ...args, ...CONTROL_ARGUMENTS },
    run(given: JsonObject, _call: NativeCall) {
      const [method, path, body] = request(given);
      return callProxy(apiOf(given), method, path, ...(body === undefined ? [] : [body]));
    },
  };
}

const PROXY: ArgumentRules = { proxy: { type: "string", required: true, summary: "the name of the proxy" } };
const pathOf = ({ proxy }: JsonObject): string => `/proxies/${encodeURIComponent(written(proxy))}`;

export const toxicActivities: readonly NativeActivity[] = [
  add,
  toxic,
  disable,
  plain("proxy/enable", "action", "makes a proxy listen again", PROXY, (given) => ["PATCH", pathOf(given), { enabled: true }]),
  plain("proxy/remove", "action", "removes a proxy", PROXY, (given) => ["DELETE", pathOf(given)]),
  plain(
    "proxy/remove-toxic",
    "action",
    "takes a toxic off a proxy",
    { ...PROXY, name: { type: "string", required: true, summary: "the name of the toxic" } },
    (given) => ["DELETE", `${pathOf(given)}/toxics/${encodeURIComponent(written(given["name"]))}`],
  ),
  plain("proxy/reset", "action", "enables every proxy and takes every toxic off", {}, () => ["POST", "/reset"]),
  plain("proxy/show", "probe", "a proxy with its toxics", PROXY, (given) => ["GET", pathOf(given)]),
  plain("proxy/list", "probe", "all proxies by their names", {}, () => ["GET", "/proxies"]),
];

function checkToxic(given: JsonObject): readonly ArgumentProblem[] {
  try {
    if (given["type"] !== undefined) readToxic(given);
    return [];
  } catch (error) {
    return [{ argument: "", message: messageOf(error), mend: "docs/reference/fault-proxy.md lists types and attributes" }];
  }
}

function checkAddressIn(given: JsonObject, argument: string): readonly ArgumentProblem[] {
  try {
    const value = textAt(given, argument);
    if (value !== undefined) parseAddress(value);
    return [];
  } catch (error) {
    return [{ argument, message: messageOf(error), mend: "write HOST:PORT" }];
  }
}

function addressesOf(
  shown: Json,
  name: string,
): { readonly listen: ReturnType<typeof parseAddress>; readonly upstream: ReturnType<typeof parseAddress> } {
  const fields = isObject(shown) ? shown : {};
  try {
    return { listen: parseAddress(textAt(fields, "listen") ?? ""), upstream: parseAddress(textAt(fields, "upstream") ?? "") };
  } catch (error) {
    throw new ActivityFailed(`proxy ${name}: ${messageOf(error)}`);
  }
}

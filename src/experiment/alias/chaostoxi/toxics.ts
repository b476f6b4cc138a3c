import { type Json, type JsonObject, isObject, written } from "../../document/json.ts";
import { ActivityFailed } from "../../provider/activity-failed.ts";
import type { Given } from "../given.ts";
import { type Parameters, REQUIRED } from "../parameters.ts";
import { type AliasCall, moduleOf } from "../python-function.ts";
import { prepareToxiproxy, toxiproxy, toxiproxyUrl } from "./toxiproxy.ts";

const toxicOf = (toxic: string, proxy: string): string => `toxic ${toxic} on proxy ${proxy}`;

function create(given: Given, call: AliasCall, toxic: JsonObject): Promise<Json> {
  const proxy = given.text("for_proxy");
  const name = given.text("toxic_name");
  const url = toxiproxyUrl(call);
  const path = `/proxies/${encodeURIComponent(proxy)}/toxics`;
  return call.inject(
    prepareToxiproxy({
      url,
      kind: "proxy/toxic",
      label: toxicOf(name, proxy),
      victim: proxy,
      async apply(signal) {
        const { isOk, status, body } = await toxiproxy(url, "POST", path, signal, { name, ...toxic });
        if (!isOk || !isObject(body)) throw new ActivityFailed(`${toxicOf(name, proxy)} was not made: ${status} ${written(body)}`);
        return body["name"] === name;
      },
      undo: { method: "DELETE", path: `${path}/${encodeURIComponent(name)}`, body: null },
      look: `${path}/${encodeURIComponent(name)}`,
      shows: ({ isOk }) => isOk,
    }),
  );
}

async function remove(given: Given, call: AliasCall): Promise<Json> {
  const proxy = given.text("for_proxy");
  const name = given.text("toxic_name");
  if (await call.putBack(({ label }) => label === toxicOf(name, proxy))) return true;
  const path = `/proxies/${encodeURIComponent(proxy)}/toxics/${encodeURIComponent(name)}`;
  return (await toxiproxy(toxiproxyUrl(call), "DELETE", path, call.signal)).isOk;
}

const ON: Parameters = { for_proxy: REQUIRED, toxic_name: REQUIRED };

/** A toxic of one type, all of the connections, downstream; its attributes by the names of the package's arguments. */
function typed(type: string, attributes: Readonly<Record<string, string>>, parameters: Parameters) {
  const run = (given: Given, call: AliasCall): Promise<Json> => {
    const values = Object.entries(attributes).map(([attribute, parameter]) => [attribute, given.value(parameter)]);
    return create(given, call, { type, stream: "downstream", toxicity: 1, attributes: Object.fromEntries(values) as JsonObject });
  };
  return [{ ...ON, ...parameters }, run] as const;
}

export const toxiproxyToxics = moduleOf("chaostoxi.toxic.actions", {
  delete_toxic: [ON, remove],
  create_toxic: [
    { ...ON, toxic_type: REQUIRED, stream: "downstream", toxicity: 1, attributes: null },
    (given, call) =>
      create(given, call, {
        type: given.text("toxic_type"),
        stream: given.text("stream"),
        toxicity: given.value("toxicity"),
        attributes: given.value("attributes"),
      }),
  ],
  create_latency_toxic: typed("latency", { latency: "latency", jitter: "jitter" }, { latency: REQUIRED, jitter: 0 }),
  create_bandwith_degradation_toxic: typed("bandwidth", { rate: "rate" }, { rate: REQUIRED }),
  create_slow_connection_close_toxic: typed("slow_close", { delay: "delay" }, { delay: REQUIRED }),
  create_timeout_toxic: typed("timeout", { timeout: "timeout" }, { timeout: REQUIRED }),
  create_slicer_toxic: typed(
    "slicer",
    { average_size: "average_size", size_variation: "size_variation", delay: "delay" },
    { average_size: REQUIRED, size_variation: REQUIRED, delay: REQUIRED },
  ),
  create_limiter_toxic: typed("limit_data", { bytes: "bytes_limit" }, { bytes_limit: REQUIRED }),
});

import { messageOf } from "../../kernel/index.ts";
import { type JsonObject, textAt, written } from "../document/json.ts";
import { parseAddress } from "../fault-proxy/address.ts";
import type { ArgumentProblem } from "../native/argument-rules.ts";
import type { NativeActivity } from "../native/native-activity.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { exchangeRaw } from "./raw-exchange.ts";
import { runSlowClients } from "./slow-clients.ts";

const address = { type: "string", required: true, summary: "HOST:PORT on this machine" } as const;

const raw: NativeActivity = {
  name: "http/raw",
  does: "probe",
  summary: "sends bytes as they are written, and answers with the statuses that come back on the connection, as one text: 400, or 200 404",
  arguments: {
    address,
    text: { type: "string", required: true, summary: "the bytes, a character each" },
    repeat: { type: "integer", least: 1, most: 100_000, default: 1, summary: "how often `part` stands where `text` has {part}" },
    part: { type: "string", default: "", summary: "what stands there" },
    seconds: { type: "number", least: 0.1, most: 60, default: 2, summary: "how long to wait for more" },
  },
  check: checkAddress,
  async run(given, { signal }) {
    const part = written(given["part"]).repeat(Number(given["repeat"]));
    const bytes = Buffer.from(
      written(given["text"]).replace("{part}", () => part),
      "latin1",
    );
    const { statuses, end } = await exchangeRaw(written(given["address"]), bytes, Number(given["seconds"]) * 1000, signal);
    if (statuses.length === 0 && end !== "closed" && end !== "open") throw new ActivityFailed(`${written(given["address"])}: ${end}`);
    return statuses.length === 0 ? end : statuses.join(" ");
  },
};

const slow: NativeActivity = {
  name: "clients/slow",
  does: "probe",
  summary:
    "has clients send a byte a second, or read nothing of what they asked for, and tells how many of them are still borne at the end",
  arguments: {
    address,
    count: { type: "integer", least: 1, most: 2000, default: 100, summary: "how many, at once" },
    head: { type: "string", required: true, summary: "what each sends at first" },
    does: { type: "string", choices: ["send", "read-nothing"], default: "send", summary: "what it does then" },
    seconds: { type: "integer", least: 1, most: 300, default: 20, summary: "for how long" },
  },
  check: checkAddress,
  async run(given, { clock, signal }) {
    const result = await runSlowClients(
      {
        address: written(given["address"]),
        count: Number(given["count"]),
        head: written(given["head"]),
        does: given["does"] === "read-nothing" ? "read-nothing" : "send",
        seconds: Number(given["seconds"]),
      },
      clock,
      signal,
    );
    const asked = Number(given["count"]);
    if (result.connected < asked) throw new ActivityFailed(`only ${result.connected} of ${asked} clients could connect`);
    return result.open;
  },
};

/** They are hostile: only this machine is to bear them. */
function checkAddress(given: JsonObject): readonly ArgumentProblem[] {
  const told = textAt(given, "address");
  if (told === undefined) return [];
  const mend = "write HOST:PORT of this machine, as in 127.30.64.4:9999";
  try {
    const { host } = parseAddress(told);
    if (/^127\.\d+\.\d+\.\d+$/.test(host) || host === "::1") return [];
    return [{ argument: "address", message: `${JSON.stringify(told)} is not on this machine`, mend }];
  } catch (error) {
    return [{ argument: "address", message: messageOf(error), mend }];
  }
}

export const clientActivities: readonly NativeActivity[] = [raw, slow];

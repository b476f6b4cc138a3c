import { type Json, isObject, textAt, written } from "../document/json.ts";
import type { NativeActivity, NativeCall } from "../native/native-activity.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { type LabComponent, choose, componentsOf, labOf } from "../component/lab-component.ts";
import { getText } from "./get-text.ts";
import { sumOf } from "./metric-text.ts";

/** All that fit are meant. */
const NOBODY_DRAWS = { next: () => 0 };
/** Where load balancers of a lab listen without TLS. */
const HTTP_PORT = "8080";
/** Of routers and controllers of load balancers. */
const ADMIN_PORTS: Readonly<Record<string, number>> = { router: 9911, controller: 9912 };

const entries: NativeActivity = {
  name: "lab/entries",
  does: "probe",
  summary: "the addresses of a lab's load balancers, as URLs: where clients come in",
  arguments: { at: { type: "integer", least: 1, most: 100, summary: "only the so-many-th of them, as one text" } },
  async run({ at }, { target, signal }) {
    const hosts = await fitting("alb", { target, signal });
    const urls = hosts.flatMap(({ listens }) => listens.filter((at) => at.endsWith(`:${HTTP_PORT}`)).map((at) => `http://${at}`));
    if (urls.length === 0) throw new ActivityFailed("the lab has no load balancer that listens");
    // In the order of the zones.
    urls.sort((first, other) => first.localeCompare(other, "en", { numeric: true }));
    const one = typeof at === "number" ? urls[at - 1] : undefined;
    if (typeof at === "number" && one === undefined) throw new ActivityFailed(`the lab's load balancers have ${urls.length} addresses`);
    return one ?? urls;
  },
};

const metric: NativeActivity = {
  name: "lab/metric",
  does: "probe",
  summary: "a metric of a lab's routers or controllers of load balancers, added up over all of them",
  arguments: {
    metric: { type: "string", required: true, summary: "its name" },
    labels: { type: "object", default: {}, summary: "only samples with these" },
    of: { type: "string", default: "router/*/hold", summary: "whose, by name; * stands for any part of it" },
    minus: { type: "number", default: 0, summary: "what it was before, as this probe answered it in the configuration" },
    per: { type: "object", summary: "divides by another metric: metric, labels, minus" },
  },
  async run(given, { target, signal }) {
    const parts = await fitting(textAt(given, "of") ?? "", { target, signal });
    const urls = parts.flatMap(({ name, address }) => {
      const port = ADMIN_PORTS[name.split("/")[0] ?? ""];
      return port === undefined || address === null ? [] : [`http://${address}:${port}/metrics`];
    });
    if (urls.length === 0) throw new ActivityFailed(`the lab has no router or controller ${written(given["of"])}`);
    const texts = await Promise.all(urls.map((url) => getText(url, signal)));
    const grown = (of: Readonly<Record<string, Json | undefined>>): number => {
      const name = written(of["metric"]);
      const labels = Object.entries(isObject(of["labels"]) ? of["labels"] : {}).map(([label, value]) => [label, written(value)]);
      const sums = texts.map((text) => sumOf(text, name, Object.fromEntries(labels) as Record<string, string>) ?? 0);
      return sums.reduce((sum, value) => sum + value, 0) - Number(of["minus"] ?? 0);
    };
    const { per } = given;
    if (!isObject(per)) return grown(given);
    const divisor = grown(per);
    if (divisor <= 0) throw new ActivityFailed(`${written(per["metric"])} has not grown: there is nothing to divide by`);
    return grown(given) / divisor;
  },
};

const part: NativeActivity = {
  name: "lab/part",
  does: "probe",
  summary: "what a lab says of one of its processes: its state, or another field of GET /api/components",
  arguments: {
    name: { type: "string", required: true, summary: "which, * stands for any part of a name; more than one that it fits are an error" },
    field: { type: "string", default: "state", choices: ["state", "pid", "address", "node", "zone"], summary: "what of it" },
  },
  async run(given, { target, signal }) {
    const found = await fitting(textAt(given, "name") ?? "", { target, signal });
    const [one] = found;
    if (one === undefined || found.length > 1)
      throw new ActivityFailed(`${found.length} processes of the lab are like ${written(given["name"])}`);
    return one[textAt(given, "field") as "state"];
  },
};

const console_: NativeActivity = {
  name: "lab/console",
  does: "probe",
  summary: "where a lab's console answers, or what a change there must carry",
  arguments: { what: { type: "string", default: "url", choices: ["url", "token", "nothing"], summary: "url, token, or an empty text" } },
  run({ what }, { target }) {
    const { url, token } = labOf(target, "console");
    return Promise.resolve(what === "url" ? url.replace(/\/$/, "") : what === "token" ? token : "");
  },
};

const address: NativeActivity = {
  name: "lab/address",
  does: "probe",
  summary: "where a process of a lab listens, as HOST:PORT; one drawn by the run's seed where several fit",
  arguments: {
    name: { type: "string", required: true, summary: "whose; * stands for any part of a name" },
    port: { type: "integer", least: 1, most: 65_535, summary: "which port, where it listens on several" },
  },
  async run({ name, port }, { target, signal, random }) {
    const found = choose(await componentsOf(labOf(target, written(name)), signal), { name: written(name), count: 1 }, random);
    const at = found.flatMap(({ listens }) => listens).find((one) => port === undefined || one.endsWith(`:${written(port)}`));
    if (at === undefined)
      throw new ActivityFailed(`${written(name)} does not listen${port === undefined ? "" : ` on port ${written(port)}`}`);
    return at;
  },
};

async function fitting(name: string, { target, signal }: Pick<NativeCall, "target" | "signal">): Promise<readonly LabComponent[]> {
  return choose(await componentsOf(labOf(target, name), signal), { name }, NOBODY_DRAWS);
}

export const labActivities: readonly NativeActivity[] = [entries, address, metric, part, console_];

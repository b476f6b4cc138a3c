import { sleep } from "../../../kernel/index.ts";
import type { KubeObject } from "../../../kube/index.ts";
import { type JsonObject, written } from "../../document/json.ts";
import { experimentKinds } from "../../kubernetes/kinds.ts";
import type { NativeActivity } from "../../native/native-activity.ts";
import { addressesOf } from "../plan/allowed-targets.ts";
import { API_RATE_LIMIT } from "./api-requests.ts";
import { requestsTo } from "./cluster-requests.ts";
import { processRecord } from "./load-process-undo.ts";
import { LOAD_LABEL, type Marked, createMarked, markedRecord, newMark, sightOfMarked } from "./marked-objects.ts";
import { beginLoad, newLoad } from "./sent-load.ts";

/** All objects together; the database behind an API server has a quota (of etcd 2 GiB unless told otherwise), and keeps old revisions. */
const TOTAL_LIMIT_BYTES = 64 * 1024 * 1024;
/** Of more objects than these, the rest stays as it is: a plan holds so many requests, and so much to write. */
const WRITTEN_LIMIT = 300;
const WRITTEN_LIMIT_BYTES = 8 * 1024 * 1024;

export const manyObjects: NativeActivity = {
  name: "load/objects",
  does: "action",
  summary:
    "creates ConfigMaps, then writes and reads them all the time: each of both reaches the database of the API server. They carry the label holdfast.io/load and are removed when the fault is reverted",
  arguments: {
    name: { type: "string", default: "objects", summary: "what load/… probes and the report call the writes and reads" },
    namespace: { type: "string", default: "default", summary: "where" },
    count: { type: "integer", least: 1, most: 5000, default: 100, summary: "how many objects" },
    bytes: { type: "integer", least: 1, most: 900_000, default: 1024, summary: "of each" },
    rate: { type: "number", least: 1, most: API_RATE_LIMIT, default: 50, summary: "writes and reads a second" },
    reads: { type: "number", least: 0, most: 100, default: 50, summary: "percent of these that are reads, each of the latest version" },
    seconds: { type: "number", least: 1, most: 3600, summary: "after how many seconds it ends; at the end of the run when left out" },
  },
  check({ count, bytes }) {
    const total = Number(count ?? 0) * Number(bytes ?? 0);
    if (total <= TOTAL_LIMIT_BYTES) return [];
    return [
      { argument: "bytes", message: `${total} bytes in all are too many`, mend: `up to ${TOTAL_LIMIT_BYTES}: fewer or smaller objects` },
    ];
  },
  async run(given, call) {
    const { target, clock, faults } = call;
    const client = target.kube();
    const namespace = written(given["namespace"]);
    const [count, bytes] = [Number(given["count"]), Number(given["bytes"])];
    const seconds = typeof given["seconds"] === "number" ? given["seconds"] : undefined;
    const marked: Marked = { resource: experimentKinds.configMaps, namespace, mark: newMark(clock.wallMs()) };
    const { url, headers, tls } = requestsTo(target.cluster());
    const plan = {
      url,
      rate: given["rate"],
      duration: `${seconds === undefined ? 3600 : seconds + 60}s`,
      timeout: "30s",
      connections: 200,
      requests: writesAndReads(
        `/api/v1/namespaces/${namespace}/configmaps/`,
        nameOf,
        Math.min(count, WRITTEN_LIMIT, Math.ceil(WRITTEN_LIMIT_BYTES / bytes)),
        bytes,
        Number(given["reads"]),
        headers,
      ),
    };
    const addresses = await addressesOf([new URL(url)], [new URL(url).hostname]);
    const named = newLoad({ name: written(given["name"]), plan, addresses, tls, target: url }, call);
    const { output } = await faults.inject(
      {
        kind: "load/objects",
        label: `${count} ConfigMaps of ${bytes} bytes in ${namespace}, ${written(given["rate"])} writes and reads a second`,
        victims: [`API server ${url}`],
        undo: { kind: "load/objects", ...markedRecord(marked), ...processRecord(named.load.identity) },
        async apply(signal) {
          const pace = {
            ratePerSecond: API_RATE_LIMIT,
            wait: (ms: number) => sleep(clock, Math.max(0, ms), signal),
            nowMs: () => clock.monoMs(),
            signal,
          };
          await createMarked(client, marked, count, objectOf, pace);
          await beginLoad(named);
          return { name: named.name, count, selector: `${LOAD_LABEL}=${marked.mark}` };
        },
        witness: {
          label: "the API server's list of ConfigMaps",
          isInjected: () => sightOfMarked(client, marked, (seen) => seen === count),
          isReverted: () => sightOfMarked(client, marked, (seen) => seen === 0),
        },
      },
      seconds === undefined ? {} : { seconds },
    );
    return output;

    function nameOf(index: number): string {
      return `load-${marked.mark}-${index}`;
    }

    function objectOf(index: number): KubeObject {
      return {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: nameOf(index), namespace, labels: { [LOAD_LABEL]: marked.mark } },
        data: { load: "x".repeat(bytes) },
      } as KubeObject;
    }
  },
};

/** Two writes of an object, one after the other, differ: the API server leaves out those that change nothing. */
function writesAndReads(
  root: string,
  nameOf: (index: number) => string,
  count: number,
  bytes: number,
  readPercent: number,
  headers: JsonObject,
): JsonObject[] {
  const reads = Math.round(readPercent);
  const written = { ...headers, "Content-Type": "application/merge-patch+json" };
  const patch = (path: string, letter: string): JsonObject => ({
    method: "PATCH",
    path,
    headers: written,
    body: JSON.stringify({ data: { load: letter.repeat(bytes) } }),
    weight: 100 - reads,
  });
  return Array.from({ length: count }, (_, index) => {
    const path = `${root}${nameOf(index)}`;
    return [...(reads > 0 ? [{ path, headers, weight: 2 * reads }] : []), ...(reads < 100 ? [patch(path, "a"), patch(path, "b")] : [])];
  }).flat();
}

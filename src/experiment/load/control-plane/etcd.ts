import { AppError, isRecord, messageOf } from "../../../kernel/index.ts";
import { written } from "../../document/json.ts";
import type { UndoKind, UndoRecord } from "../../fault/fault.ts";
import type { NativeActivity } from "../../native/native-activity.ts";
import { ActivityFailed } from "../../provider/activity-failed.ts";
import { addressesOf } from "../plan/allowed-targets.ts";
import { readPlan } from "../plan/read-plan.ts";
import { API_RATE_LIMIT } from "./api-requests.ts";
import { endLoadProcess, processRecord } from "./load-process-undo.ts";
import { newMark } from "./marked-objects.ts";
import { beginLoad, newLoad } from "./sent-load.ts";

/** Below it stands all that load writes: what is removed afterwards is what begins with it and the mark of the run. */
const PREFIX = "/holdfast-load/";
const KEYS_LIMIT = 300;
const TOTAL_LIMIT_BYTES = 64 * 1024 * 1024;
const CALL_MS = 10_000;

export const etcdLoad: NativeActivity = {
  name: "load/etcd",
  does: "action",
  summary:
    "writes and reads keys of etcd itself, by its JSON gateway; they stand below /holdfast-load/ and are removed when the fault is reverted",
  arguments: {
    name: { type: "string", default: "etcd", summary: "what load/… probes and the report call it" },
    url: { type: "string", required: true, summary: "a member, as in http://127.0.0.1:2379" },
    keys: { type: "integer", least: 1, most: KEYS_LIMIT, default: 100, summary: "how many keys are written again and again" },
    bytes: { type: "integer", least: 1, most: 700_000, default: 1024, summary: "of each value" },
    rate: { type: "number", least: 1, most: API_RATE_LIMIT, default: 100, summary: "writes and reads a second" },
    reads: { type: "number", least: 0, most: 100, default: 50, summary: "percent of these that are reads, linearizable" },
    allow: { type: "list", default: [], summary: "its host, when it is not on this machine" },
    seconds: { type: "number", least: 1, most: 3600, summary: "after how many seconds it ends; at the end of the run when left out" },
  },
  check({ keys, bytes, url }) {
    const total = Number(keys ?? 0) * Number(bytes ?? 0);
    if (total > TOTAL_LIMIT_BYTES)
      return [
        { argument: "bytes", message: `${total} bytes in all are too many`, mend: `up to ${TOTAL_LIMIT_BYTES}: fewer or shorter values` },
      ];
    if (url === undefined) return [];
    try {
      readPlan({ url, rate: 1, duration: "1s" });
      return [];
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return [{ argument: "url", message: error.message, mend: "see docs/reference/load.md" }];
    }
  },
  async run(given, call) {
    const url = written(given["url"]);
    const [keys, bytes, rate] = [Number(given["keys"]), Number(given["bytes"]), Number(given["rate"])];
    const seconds = typeof given["seconds"] === "number" ? given["seconds"] : undefined;
    const allowed = (given["allow"] as readonly string[] | undefined) ?? [];
    const addresses = await addressesOf([new URL(url)], allowed);
    const mark = newMark(call.clock.wallMs());
    const reads = Math.round(Number(given["reads"]));
    const requests = Array.from({ length: keys }, (_, index) => {
      const key = base64(`${PREFIX}${mark}/${index}`);
      const post = (path: string, body: object, weight: number): object => ({ method: "POST", path, body: JSON.stringify(body), weight });
      return [
        ...(reads > 0 ? [post("/v3/kv/range", { key }, reads)] : []),
        ...(reads < 100 ? [post("/v3/kv/put", { key, value: base64("x".repeat(bytes)) }, 100 - reads)] : []),
      ];
    }).flat();
    const plan = { url, rate, duration: `${seconds === undefined ? 3600 : seconds + 60}s`, connections: 200, requests } as Parameters<
      typeof newLoad
    >[0]["plan"];
    const named = newLoad({ name: written(given["name"]), plan, addresses, tls: undefined, target: url }, call);
    const countKeys = async (): Promise<number> =>
      Number((await post(url, "/v3/kv/range", { ...rangeOf(mark), count_only: true }))["count"] ?? 0);
    const { output } = await call.faults.inject(
      {
        kind: "load/etcd",
        label: `${rate} writes and reads a second in etcd ${url}`,
        victims: [`etcd ${url}`],
        undo: { kind: "load/etcd", url, mark, ...processRecord(named.load.identity) },
        async apply() {
          await beginLoad(named);
          return { name: named.name, prefix: `${PREFIX}${mark}/` };
        },
        witness: {
          label: "the count of keys that etcd tells",
          isInjected: async () => {
            const count = await countKeys();
            return {
              seen: reads === 100 ? (named.load.totals?.ok ?? 0) > 0 : count > 0,
              evidence: `${count} keys below ${PREFIX}${mark}/`,
            };
          },
          isReverted: async () => {
            const count = await countKeys();
            return { seen: count === 0 && !named.load.isRunning, evidence: `${count} keys below ${PREFIX}${mark}/` };
          },
        },
      },
      seconds === undefined ? {} : { seconds },
    );
    return output;
  },
};

export const etcdUndo: UndoKind = {
  kind: "load/etcd",
  async undo(record, deps) {
    await endLoadProcess(record, deps);
    await post(written(record["url"]), "/v3/kv/deleterange", rangeOf(markIn(record)));
  },
  byHand: (record) => `etcdctl --endpoints ${written(record["url"])} del --prefix ${PREFIX}${markIn(record)}/`,
};

function markIn(record: UndoRecord): string {
  const mark = written(record["mark"]);
  if (!/^[a-z0-9-]{3,63}$/.test(mark)) throw new ActivityFailed("the ledger's record of what load wrote has no mark: nothing is removed");
  return mark;
}

/** All keys that begin with the prefix of a run; `0` is what follows `/`. */
function rangeOf(mark: string): { readonly key: string; readonly range_end: string } {
  return { key: base64(`${PREFIX}${mark}/`), range_end: base64(`${PREFIX}${mark}0`) };
}

/** A call of the JSON gateway (etcd.io, page "Why gRPC gateway"). */
async function post(url: string, path: string, body: object): Promise<Readonly<Record<string, unknown>>> {
  let text: string;
  try {
    const answer = await fetch(new URL(path, url), {
      method: "POST",
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(CALL_MS),
      redirect: "error",
    });
    text = await answer.text();
    if (!answer.ok) throw new ActivityFailed(`etcd ${url} answers ${answer.status}: ${text.slice(0, 200).trim()}`);
  } catch (error) {
    throw error instanceof ActivityFailed ? error : new ActivityFailed(`etcd ${url} cannot be reached: ${messageOf(error)}`);
  }
  const value: unknown = JSON.parse(text);
  if (!isRecord(value)) throw new ActivityFailed(`etcd ${url} answers no object`);
  return value;
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

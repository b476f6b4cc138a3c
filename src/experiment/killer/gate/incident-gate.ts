import { request } from "undici";
import { isRecord } from "../../../kernel/index.ts";
import type { Gate } from "./gate.ts";

const TIMEOUT_MS = 10_000;
const LIMIT_BYTES = 4 * 1024 * 1024;
const LISTS = ["incidents", "alerts"] as const;

/**
 * Nobody is killed during an incident. The URL answers 2xx with `{"incident": false}`, an empty list, or an empty list named `incidents` or `alerts` when there is
 * none (Alertmanager's `/api/v2/alerts`, PagerDuty's `/incidents`); whatever else it answers is no proof that there is none.
 */
export function incidentGate(url: string, headers: Readonly<Record<string, string>>): Gate {
  return {
    name: "the incident check",
    async check(signal) {
      const ended = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
      const { statusCode, body } = await request(url, { headers: { accept: "application/json", ...headers }, signal: ended });
      const text = await limited(body);
      if (statusCode < 200 || statusCode > 299) throw new Error(`${new URL(url).host} answered ${statusCode}`);
      const open = incidentsIn(JSON.parse(text));
      if (open === undefined) throw new Error(`${new URL(url).host} answered neither {"incident": false} nor a list`);
      return open === 0 ? undefined : `an incident is open (${open})`;
    },
  };
}

function incidentsIn(answer: unknown): number | undefined {
  if (Array.isArray(answer)) return answer.length;
  if (!isRecord(answer)) return undefined;
  if (typeof answer["incident"] === "boolean") return Number(answer["incident"]);
  const list = LISTS.map((name) => answer[name]).find((value): value is unknown[] => Array.isArray(value));
  return list?.length;
}

async function limited(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > LIMIT_BYTES) throw new Error(`the answer is longer than ${LIMIT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

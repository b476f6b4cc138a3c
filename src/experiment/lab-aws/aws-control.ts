import { isRecord, messageOf } from "../../kernel/index.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import type { LabHandle, Target } from "../target/target.ts";

const TIMEOUT_MS = 5_000;

/** A call as the lab's AWS saw it (docs/reference/lab-aws.md, `GET /calls`). */
export interface AwsCall {
  readonly atMs: number;
  readonly service: string;
  readonly action: string;
  readonly isWrite: boolean;
  /** The kind of the fault that it met. */
  readonly fault: string | undefined;
}

/** What a rule of the fault script has seen so far. */
export interface RuleWitness {
  readonly seen: number;
  readonly met: number;
}

/** The side of the lab's AWS that no account has: what was called, and what goes wrong. Rejects with `ActivityFailed` where the lab does not answer. */
export class AwsControl {
  readonly #control: LabHandle["awsControl"];

  constructor(target: Target, activity: string) {
    if (target.lab === undefined) throw new ActivityFailed(`${activity} is for the lab's AWS: give --lab DIR`);
    this.#control = target.lab.awsControl;
  }

  async setRule(rule: object): Promise<void> {
    await this.#ask("POST", "/faults", rule);
  }

  /** Does nothing when there is no such rule. */
  async removeRule(id: string): Promise<void> {
    if ((await this.rule(id)) !== undefined) await this.#ask("DELETE", `/faults/${encodeURIComponent(id)}`);
  }

  async rule(id: string): Promise<RuleWitness | undefined> {
    const found = listIn(await this.#ask("GET", "/faults"), "faults").find((rule) => rule["id"] === id);
    return found === undefined ? undefined : { seen: Number(found["seen"]), met: Number(found["met"]) };
  }

  /** Those of the last `seconds`, the oldest first; of the newest 10,000. */
  async calls(seconds: number, nowMs: number): Promise<readonly AwsCall[]> {
    const calls = listIn(await this.#ask("GET", "/calls"), "calls").map(({ atMs, service, action, isWrite, fault }) => ({
      atMs: Number(atMs),
      service: String(service),
      action: String(action),
      isWrite: isWrite === true,
      fault: typeof fault === "string" ? fault : undefined,
    }));
    return calls.filter(({ atMs }) => atMs >= nowMs - seconds * 1000);
  }

  /** Names of all load balancers of the account. */
  async loadBalancers(): Promise<readonly string[]> {
    return listIn(await this.#ask("GET", "/load-balancers"), "loadBalancers").map(({ name }) => String(name));
  }

  async #ask(method: string, path: string, body?: object): Promise<unknown> {
    const { url, token } = this.#control;
    try {
      const response = await fetch(new URL(path, url), {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await response.text();
      if (!response.ok) throw new ActivityFailed(`the lab's AWS answered ${response.status} to ${method} ${path}: ${text.slice(0, 300)}`);
      return text === "" ? undefined : JSON.parse(text);
    } catch (error) {
      if (error instanceof ActivityFailed) throw error;
      throw new ActivityFailed(`the lab's AWS does not answer ${method} ${path}: ${messageOf(error)}`);
    }
  }
}

function listIn(answer: unknown, field: string): readonly Record<string, unknown>[] {
  const list = isRecord(answer) ? answer[field] : undefined;
  if (!Array.isArray(list)) throw new ActivityFailed(`the lab's AWS answered no list of ${field}`);
  return list.filter(isRecord);
}

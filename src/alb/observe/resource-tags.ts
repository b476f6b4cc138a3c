import type { AppError } from "../../kernel/index.ts";
import type { Aws } from "../../aws/index.ts";
import type { Evidence } from "../evidence.ts";
import type { ObserveDeps } from "./reading.ts";

type Tags = ReadonlyMap<string, string>;

/** Those of others are looked at so seldom: nobody gives us a load balancer by tagging it. */
const FOREIGN_MS = 24 * 3_600_000;
const AT_ONCE = 20;

interface Entry {
  tags: Tags | undefined;
  atMs: number;
  dueMs: number;
  why: string | undefined;
}

/** Tags of load balancers, target groups and listeners, by ARN: they say what is ours. */
export class ResourceTags {
  readonly #elb: Pick<Aws["elb"], "tags">;
  readonly #deps: ObserveDeps;
  readonly #everyMs: number;
  readonly #isOurs: (tags: Tags) => boolean;
  readonly #entries = new Map<string, Entry>();

  constructor(elb: Pick<Aws["elb"], "tags">, isOurs: (tags: Tags) => boolean, everyMs: number, deps: ObserveDeps) {
    this.#elb = elb;
    this.#isOurs = isOurs;
    this.#everyMs = everyMs;
    this.#deps = deps;
  }

  evidence(arn: string): Evidence<Tags> {
    const entry = this.#entries.get(arn);
    if (entry?.tags === undefined) return { state: "unknown", why: entry?.why ?? "its tags were not read yet" };
    const { tags, atMs, why } = entry;
    return why === undefined ? { state: "fresh", value: tags, atMs } : { state: "stale", value: tags, atMs, why };
  }

  lookAgain(arn: string): void {
    const entry = this.#entries.get(arn);
    if (entry !== undefined) entry.dueMs = 0;
  }

  /** Reads those that are due, and those of the others that are nearly due with them. Never rejects. */
  async refresh(arns: readonly string[]): Promise<void> {
    const nowMs = this.#deps.clock.monoMs();
    const due = arns.filter((arn) => (this.#entries.get(arn)?.dueMs ?? 0) <= nowMs);
    // The first calls are for what is due; what is left of the last one's places is for what would be due next.
    const soon = arns.filter((arn) => !due.includes(arn)).toSorted((one, other) => this.#dueOf(one) - this.#dueOf(other));
    const places = due.length === 0 ? 0 : (AT_ONCE - (due.length % AT_ONCE)) % AT_ONCE;
    const asked = [...due, ...soon.slice(0, places)];
    const parts: (readonly string[])[] = [];
    for (let at = 0; at < asked.length; at += AT_ONCE) parts.push(asked.slice(at, at + AT_ONCE));
    await Promise.all(parts.map((part) => this.#read(part)));
  }

  /** What is not there any more is forgotten; listeners stay, there are few. */
  keepOnly(arns: ReadonlySet<string>): void {
    for (const arn of this.#entries.keys()) if (!arns.has(arn) && !arn.includes(":listener/")) this.#entries.delete(arn);
  }

  #dueOf(arn: string): number {
    return this.#entries.get(arn)?.dueMs ?? 0;
  }

  /** One that is gone meanwhile fails the call for all: then each half for itself. */
  async #read(arns: readonly string[]): Promise<void> {
    const { clock, random } = this.#deps;
    const atMs = clock.wallMs();
    const monoMs = clock.monoMs();
    try {
      for (const [arn, tags] of await this.#elb.tags(arns)) {
        const everyMs = this.#isOurs(tags) ? this.#everyMs : FOREIGN_MS;
        this.#entries.set(arn, { tags, atMs, dueMs: monoMs + everyMs * (1 + random.next() / 5), why: undefined });
      }
    } catch (error) {
      const { code, message } = error as AppError;
      if (code === "AWS_NOT_FOUND" && arns.length > 1) {
        const half = Math.ceil(arns.length / 2);
        await Promise.all([this.#read(arns.slice(0, half)), this.#read(arns.slice(half))]);
        return;
      }
      for (const arn of arns) {
        const known = this.#entries.get(arn);
        this.#entries.set(arn, { tags: known?.tags, atMs: known?.atMs ?? 0, dueMs: 0, why: message });
      }
    }
  }
}

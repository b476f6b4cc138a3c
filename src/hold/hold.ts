import { AppError, type Timer, assertNever } from "../kernel/index.ts";
import { silentLog } from "../telemetry/index.ts";
import type { Evidence, EvidenceItem } from "./evidence.ts";
import { createAcceptedSet } from "./accepted-set.ts";
import { type ChangeRecord, type HeldCause, type HeldReason, note, releasedBy, reviveChange, saveChange } from "./held-change.ts";
import type { Accepted, AuditLine, Decision, Hold, HoldDeps, HoldOptions } from "./hold-api.ts";
import { createHoldMeter } from "./hold-meter.ts";
import type { HoldState } from "./hold-state.ts";
import { createLiveTime } from "./live-time.ts";
import { type Proof, completePolicy } from "./policy.ts";
import { createRemovalWindow } from "./removal-window.ts";

const POISONED_LIMIT = 1_000;
/** Complete answers closer together than this say the same thing twice. */
const CONFIRM_AT_LEAST_MS = 1_000;
const CONFIRM_AGAIN_MS = 10_000;
const TTL_LIMIT_MS = 7 * 24 * 3_600_000;

/**
 * One hold per source. Additions and updates are believed at once. A removal is believed when a live source deletes explicitly, within a rate; or when
 * complete answers agree on it for long enough, where long is short for a few and long for many; and never when it would leave nothing, unless approved.
 */
export function createHold<T>(options: HoldOptions<T>, deps: HoldDeps): Hold<T> {
  const { name, restored } = options;
  const policy = completePolicy(options.policy ?? {});
  const { clock } = deps;
  const log = (deps.log ?? silentLog).child({ hold: name });
  const meter = createHoldMeter(name, deps.metrics);
  const missingWindow = createRemovalWindow(policy.missingBudget, clock);
  const deleteWindow = createRemovalWindow(policy.deleteBudget, clock);

  const set = createAcceptedSet<T>(restored?.accepted ?? [], options.claims);
  const accepted = set.items;
  const time = createLiveTime(clock);
  const changes = new Map<string, ChangeRecord>();
  /** Which change holds a key. */
  const heldIn = new Map<string, ChangeRecord>();
  const approvals = new Map<string, { readonly principal: string; readonly untilWallMs: number }>();
  const poisoned = new Map<string, { readonly problem: string; readonly sinceWallMs: number }>();
  let sequence = restored?.sequence ?? 0;
  let revision: string | undefined = restored?.revision ?? undefined;
  let synced = false;
  let lastEvidenceMs: number | undefined;
  let lastCompleteMs: number | undefined;
  let lastError: { readonly code: string; readonly message: string } | undefined;
  let timer: Timer | undefined;

  for (const saved of restored?.changes ?? []) {
    const record = reviveChange(saved, accepted);
    if (record.keys.size === 0) continue;
    changes.set(record.id, record);
    for (const key of record.keys) heldIn.set(key, record);
  }
  for (const approval of restored?.approvals ?? []) approvals.set(approval.key, approval);
  report();

  function audit(
    action: AuditLine["action"],
    keys: readonly string[],
    why: string,
    more: { readonly id?: string; readonly principal?: string } = {},
  ): void {
    const line: AuditLine = { atWallMs: clock.wallMs(), hold: name, action, count: keys.length, keys: keys.slice(0, 20), why, ...more };
    log.info({ audit: line }, "hold decision");
    if (action !== "held") meter.decided(action, keys.length);
    deps.audit?.(line);
  }

  function report(): void {
    meter.sizes(accepted.size, heldIn.size, set.withdrawn);
  }

  function accept(item: Accepted<T>): void {
    for (const { key, address, owner } of set.set(item)) {
      remove(key);
      audit("forgotten", [key], `its address ${address} now belongs to ${owner}`);
    }
  }

  function remove(key: string): void {
    set.remove(key);
    poisoned.delete(key);
    letGo(key);
  }

  /** Takes a key out of the change that holds it, if any. */
  function letGo(key: string): ChangeRecord | undefined {
    const record = heldIn.get(key);
    if (record === undefined) return undefined;
    heldIn.delete(key);
    record.keys.delete(key);
    if (record.keys.size === 0) changes.delete(record.id);
    return record;
  }

  function put(item: EvidenceItem<T>): void {
    poisoned.delete(item.key);
    const record = letGo(item.key);
    if (record !== undefined) audit("released", [item.key], "seen again", { id: record.id });
    const before = accepted.get(item.key);
    if (before === undefined || before.withdrawn || before.version !== item.version) accept({ ...item, withdrawn: false });
  }

  function holdKeys(keys: readonly string[], cause: HeldCause, said: string, rewound: boolean): void {
    const observation = { atWallMs: clock.wallMs(), said };
    // One storm is one change, so that a person has one thing to decide.
    let record =
      cause === "missing" || cause === "absent"
        ? undefined
        : [...changes.values()].findLast((other) => other.cause === cause && other.rejected === undefined);
    if (record !== undefined && time.ms() - record.sinceLiveMs > policy.deleteBudget.windowMs) record = undefined;
    const isNew = record === undefined;
    if (record === undefined) {
      sequence++;
      record = {
        id: `${name}-${sequence}`,
        cause,
        keys: new Set(),
        sinceWallMs: clock.wallMs(),
        sinceLiveMs: time.ms(),
        agreements: 0,
        rewound,
        observations: [],
        rejected: undefined,
      };
      changes.set(record.id, record);
    }
    for (const key of keys) {
      record.keys.add(key);
      heldIn.set(key, record);
      const item = accepted.get(key);
      if (policy.unproven === "withdraw" && item !== undefined && !item.withdrawn) accept({ ...item, withdrawn: true });
    }
    record.agreements = 1;
    note(record, observation);
    meter.decided("held", keys.length);
    // A storm comes key by key: it is written down when it begins and whenever it has doubled, not thousands of times.
    if (isNew || Number.isInteger(Math.log2(record.keys.size))) audit("held", [...record.keys], said, { id: record.id });
  }

  function isApproved(key: string): boolean {
    const approval = approvals.get(key);
    return approval !== undefined && approval.untilWallMs > clock.wallMs();
  }

  function expire(): void {
    const nowMs = clock.wallMs();
    for (const [key, approval] of approvals) {
      if (approval.untilWallMs > nowMs) continue;
      approvals.delete(key);
      audit("expired", [key], "approval ended", { principal: approval.principal });
    }
    for (const record of changes.values()) {
      if (record.rejected === undefined || record.rejected.untilWallMs > nowMs) continue;
      audit("expired", [...record.keys], "rejection ended; held anew", { id: record.id, principal: record.rejected.principal });
      record.rejected = undefined;
      record.agreements = 0;
      record.sinceLiveMs = time.ms();
    }
  }

  function observeComplete(evidence: Extract<Evidence<T>, { kind: "complete" }>, cause: HeldCause): void {
    time.set(true);
    synced = true;
    lastCompleteMs = clock.monoMs();
    revision = evidence.revision;
    const present = new Set<string>();
    for (const item of evidence.items) {
      present.add(item.key);
      put(item);
    }
    for (const { key, problem } of evidence.poisoned) {
      if (key !== undefined) present.add(key);
      observePoisoned(key, problem);
    }
    const said = `${cause === "absent" ? "the kind is not installed" : `complete answer with ${present.size} things`}${evidence.revision === "" ? "" : ` at revision ${evidence.revision}`}${evidence.rewound ? ", older than known" : ""}`;
    if (evidence.poisoned.some(({ key }) => key === undefined)) {
      for (const record of changes.values())
        note(record, { atWallMs: clock.wallMs(), said: `${said}, one of which cannot be read: proves nothing` });
      return;
    }
    for (const record of changes.values()) {
      record.agreements++;
      record.rewound ||= evidence.rewound;
      note(record, { atWallMs: clock.wallMs(), said });
    }
    const missing = [...accepted.keys()].filter((key) => !present.has(key) && !heldIn.has(key));
    const approved = missing.filter(isApproved);
    for (const key of approved) remove(key);
    if (approved.length > 0) audit("removed", approved, "approved before");
    const unproven = missing.filter((key) => accepted.has(key));
    if (unproven.length > 0) holdKeys(unproven, cause, said, evidence.rewound);
    settle();
  }

  /** A key whose object is there but unreadable keeps its last good version, and is not missing. */
  function observePoisoned(key: string | undefined, problem: string): void {
    if (key === undefined) return;
    const record = letGo(key);
    if (record !== undefined) audit("released", [key], "seen again, though it cannot be read", { id: record.id });
    const item = accepted.get(key);
    if (item?.withdrawn === true) accept({ ...item, withdrawn: false });
    if (poisoned.has(key) || poisoned.size < POISONED_LIMIT)
      poisoned.set(key, { problem, sinceWallMs: poisoned.get(key)?.sinceWallMs ?? clock.wallMs() });
  }

  function observeDelete(key: string): void {
    if (!accepted.has(key)) return;
    const record = heldIn.get(key);
    const said = "explicit delete";
    if (isApproved(key)) {
      remove(key);
      audit("removed", [key], "approved before");
    } else if (record?.rejected !== undefined) note(record, { atWallMs: clock.wallMs(), said: `${said}, but the removal was rejected` });
    else if (!time.isLive || !synced) holdUnlessHeld(key, "untrusted", `${said} by a source that is not live`);
    else if (accepted.size === 1 && deleteWindow.recent() + missingWindow.recent() > 0)
      holdUnlessHeld(key, "last", `${said} of the last one`);
    else if (accepted.size === 1) holdUnlessHeld(key, "only", `${said} of the only one`);
    else if (deleteWindow.covers(1, accepted.size)) {
      deleteWindow.add(1);
      remove(key);
      audit("removed", [key], said);
    } else holdUnlessHeld(key, "deletes", `${said}, one of more than the budget allows`);
  }

  function holdUnlessHeld(key: string, cause: HeldCause, said: string): void {
    const record = heldIn.get(key);
    if (record === undefined) holdKeys([key], cause, said, false);
    else note(record, { atWallMs: clock.wallMs(), said });
  }

  /** What a change needs before it is believed; undefined when only a person can release it. */
  function proofFor(record: ChangeRecord): { readonly reason: HeldReason; readonly proof: Proof | undefined } {
    if (record.rejected !== undefined) return { reason: "rejected", proof: undefined };
    if (heldIn.size >= accepted.size && record.cause !== "only") return { reason: "zero", proof: undefined };
    if (record.rewound) return { reason: "rewound", proof: policy.rewound };
    if (record.cause === "only") return { reason: "unconfirmed", proof: policy.small };
    const isSmall = record.cause !== "deletes" && missingWindow.covers(heldIn.size, accepted.size) && heldIn.size * 2 <= accepted.size;
    return isSmall ? { reason: "unconfirmed", proof: policy.small } : { reason: "large", proof: policy.large };
  }

  /** Believes what has been proved; only called on a complete answer, so that the last word is always a fresh one. */
  function settle(): void {
    // All are judged before any goes: the removal of one must not make the rest look small.
    const proved = [...changes.values()].filter((record) => {
      const { proof } = proofFor(record);
      return proof !== undefined && record.agreements >= proof.confirmations && time.ms() - record.sinceLiveMs >= proof.holdMs;
    });
    for (const record of proved) {
      const keys = [...record.keys];
      missingWindow.add(keys.length);
      for (const key of keys) remove(key);
      audit("confirmed", keys, `${record.agreements} complete answers agree`, { id: record.id });
    }
  }

  /** Asks for the next complete answer when one could decide something. */
  function schedule(): void {
    timer?.cancel();
    timer = undefined;
    if (!time.isLive || deps.confirm === undefined) return;
    let inMs = Infinity;
    for (const record of changes.values()) {
      const { proof } = proofFor(record);
      if (proof === undefined) continue;
      const leftMs = Math.max(0, proof.holdMs - (time.ms() - record.sinceLiveMs));
      inMs = Math.min(inMs, leftMs / Math.max(1, proof.confirmations - record.agreements));
    }
    if (inMs !== Infinity) arm(Math.max(CONFIRM_AT_LEAST_MS, inMs));
  }

  function arm(delayMs: number): void {
    timer = clock.timer(delayMs, () => {
      arm(CONFIRM_AGAIN_MS);
      deps.confirm?.();
    });
  }

  function flush(): void {
    report();
    schedule();
    const change = set.takeChange();
    if (change !== undefined) deps.onChange?.(change);
  }

  function find(id: string, decision: Decision): ChangeRecord {
    if (decision.principal.trim() === "" || decision.principal.length > 256)
      throw new AppError("HOLD_DECISION", "a decision needs the name of who decides (1 to 256 characters)");
    if (!(decision.ttlMs >= 1_000 && decision.ttlMs <= TTL_LIMIT_MS))
      throw new AppError("HOLD_DECISION", "a decision stands for 1 second to 7 days; give a time between");
    const record = changes.get(id);
    if (record === undefined)
      throw new AppError(
        "HOLD_NO_SUCH_CHANGE",
        `${name}: nothing is held under the id "${id}"; it may have been released. List with: holdfast hold status`,
      );
    return record;
  }

  return {
    accepted,
    observe(evidence) {
      lastEvidenceMs = clock.monoMs();
      meter.evidence(evidence.kind);
      expire();
      switch (evidence.kind) {
        case "complete":
          observeComplete(evidence, "missing");
          break;
        case "absent":
          observeComplete({ kind: "complete", items: [], poisoned: [], revision: revision ?? "", rewound: false }, "absent");
          break;
        case "upsert":
          put(evidence);
          break;
        case "delete":
          observeDelete(evidence.key);
          break;
        case "poisoned":
          observePoisoned(evidence.key, evidence.problem);
          break;
        case "failed":
          lastError = { code: evidence.error.code, message: evidence.error.message };
          time.set(false);
          break;
        case "live":
          time.set(true);
          break;
        default:
          assertNever(evidence);
      }
      if (time.isLive) lastError = undefined;
      flush();
    },
    held: () =>
      [...changes.values()].map((record) => {
        const { reason, proof } = proofFor(record);
        const heldLiveMs = time.ms() - record.sinceLiveMs;
        const { id, cause, sinceWallMs, agreements, observations } = record;
        return {
          id,
          cause,
          reason,
          sinceWallMs,
          agreements,
          heldLiveMs,
          keys: [...record.keys],
          observations: [...observations],
          releasedBy: releasedBy(record, proof, heldLiveMs),
        };
      }),
    status: () => ({
      name,
      size: accepted.size,
      held: heldIn.size,
      withdrawn: set.withdrawn,
      live: time.isLive,
      synced,
      revision,
      lastEvidenceMonoMs: lastEvidenceMs,
      lastCompleteMonoMs: lastCompleteMs,
      lastError,
      poisoned: [...poisoned].map(([key, { problem, sinceWallMs }]) => ({ key, problem, sinceWallMs })),
    }),
    approve(id, decision) {
      const keys = [...find(id, decision).keys];
      const untilWallMs = clock.wallMs() + decision.ttlMs;
      for (const key of keys) {
        remove(key);
        approvals.set(key, { principal: decision.principal, untilWallMs });
      }
      audit("approved", keys, decision.why ?? "", { id, principal: decision.principal });
      flush();
    },
    reject(id, decision) {
      const record = find(id, decision);
      record.rejected = { principal: decision.principal, untilWallMs: clock.wallMs() + decision.ttlMs };
      audit("rejected", [...record.keys], decision.why ?? "", { id, principal: decision.principal });
      flush();
    },
    snapshot: (): HoldState<T> => ({
      version: 1,
      revision: revision ?? null,
      sequence,
      accepted: [...accepted.values()],
      changes: [...changes.values()].map((record) => saveChange(record, time.ms())),
      approvals: [...approvals].map(([key, approval]) => ({ key, ...approval })),
    }),
    close() {
      timer?.cancel();
    },
  };
}

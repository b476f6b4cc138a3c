import { AppError, assertNever } from "../kernel/index.ts";
import { silentLog } from "../telemetry/index.ts";
import type { Evidence, EvidenceItem } from "./evidence.ts";
import { createAcceptedSet } from "./accepted-set.ts";
import { checkDecision, createApprovals } from "./approvals.ts";
import { createConfirmation } from "./confirmation.ts";
import { type ChangeRecord, type HeldCause, note, releasedBy, saveChange } from "./held-change.ts";
import { createHeldChanges } from "./held-changes.ts";
import type { Accepted, AuditLine, Decision, Hold, HoldDeps, HoldOptions } from "./hold-api.ts";
import { createHoldMeter } from "./hold-meter.ts";
import type { HoldRecords, HoldState } from "./hold-state.ts";
import { createLiveTime } from "./live-time.ts";
import { completePolicy } from "./policy.ts";
import { createRemovalWindow } from "./removal-window.ts";
import { type Requirement, isProved, nextAnswerInMs, requiredProof } from "./required-proof.ts";

const POISONED_LIMIT = 1_000;

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
  const missingWindow = createRemovalWindow(policy.missingBudget, clock, restored?.removals.missing);
  const deleteWindow = createRemovalWindow(policy.deleteBudget, clock, restored?.removals.deletes);

  const set = createAcceptedSet<T>(restored?.accepted ?? [], options.claims);
  const accepted = set.items;
  const time = createLiveTime(clock);
  const changes = createHeldChanges({ name, stormMs: policy.deleteBudget.windowMs, restored, known: accepted }, clock, time);
  const approvals = createApprovals(restored?.approvals ?? [], clock);
  const confirmation = createConfirmation(clock, deps.confirm);
  const poisoned = new Map<string, { readonly problem: string; readonly sinceWallMs: number }>();
  let revision: string | undefined = restored?.revision ?? undefined;
  let synced = false;
  let lastEvidenceMs: number | undefined;
  let lastCompleteMs: number | undefined;
  let lastError: { readonly code: string; readonly message: string } | undefined;

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
    meter.sizes(accepted.size, changes.size, set.withdrawn);
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
    changes.letGo(key);
  }

  function put(item: EvidenceItem<T>): void {
    poisoned.delete(item.key);
    const record = changes.letGo(item.key);
    if (record !== undefined) audit("released", [item.key], "seen again", { id: record.id });
    const before = accepted.get(item.key);
    if (before === undefined || before.withdrawn || before.version !== item.version) accept({ ...item, withdrawn: false });
  }

  function holdKeys(keys: readonly string[], cause: HeldCause, said: string, rewound: boolean): void {
    const { record, isNew } = changes.add(keys, cause, rewound);
    for (const key of keys) {
      const item = accepted.get(key);
      if (policy.unproven === "withdraw" && item !== undefined && !item.withdrawn) accept({ ...item, withdrawn: true });
    }
    note(record, { atWallMs: clock.wallMs(), said });
    meter.decided("held", keys.length);
    // A storm comes key by key: it is written down when it begins and whenever it has doubled, not thousands of times.
    if (isNew || Number.isInteger(Math.log2(record.keys.size))) audit("held", [...record.keys], said, { id: record.id });
  }

  function expire(): void {
    for (const { key, principal } of approvals.takeExpired()) audit("expired", [key], "approval ended", { principal });
    const nowMs = clock.wallMs();
    for (const record of changes.all()) {
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
      for (const record of changes.all())
        note(record, { atWallMs: clock.wallMs(), said: `${said}, one of which cannot be read: proves nothing` });
      return;
    }
    // Never accepted, so there is no removal to hold: it is gone.
    for (const key of poisoned.keys()) if (!present.has(key) && !accepted.has(key)) poisoned.delete(key);
    for (const record of changes.all()) {
      record.agreements++;
      record.rewound ||= evidence.rewound;
      note(record, { atWallMs: clock.wallMs(), said });
    }
    const missing = [...accepted.keys()].filter((key) => !present.has(key) && changes.of(key) === undefined);
    const approved = missing.filter((key) => approvals.covers(key));
    for (const key of approved) remove(key);
    if (approved.length > 0) audit("removed", approved, "approved before");
    const unproven = missing.filter((key) => accepted.has(key));
    if (unproven.length > 0) holdKeys(unproven, cause, said, evidence.rewound);
    settle();
  }

  /** A key whose object is there but unreadable keeps its last good version, and is not missing. */
  function observePoisoned(key: string | undefined, problem: string): void {
    if (key === undefined) return;
    const record = changes.letGo(key);
    if (record !== undefined) audit("released", [key], "seen again, though it cannot be read", { id: record.id });
    const item = accepted.get(key);
    if (item?.withdrawn === true) accept({ ...item, withdrawn: false });
    if (poisoned.has(key) || poisoned.size < POISONED_LIMIT)
      poisoned.set(key, { problem, sinceWallMs: poisoned.get(key)?.sinceWallMs ?? clock.wallMs() });
  }

  function observeDelete(key: string): void {
    if (!accepted.has(key)) {
      poisoned.delete(key);
      return;
    }
    const record = changes.of(key);
    const said = "explicit delete";
    if (approvals.covers(key)) {
      remove(key);
      audit("removed", [key], "approved before");
    } else if (record?.rejected !== undefined) note(record, { atWallMs: clock.wallMs(), said: `${said}, but the removal was rejected` });
    else if (!time.isLive || !synced) holdUnlessHeld(key, "untrusted", `${said} by a source that is not live`);
    else if (accepted.size === 1 && deleteWindow.recent() + missingWindow.recent() > 0)
      holdUnlessHeld(key, "last", `${said} of the last one`);
    else if (accepted.size === 1) holdUnlessHeld(key, "only", `${said} of the only one`);
    else if (accepted.size - changes.size === (record === undefined ? 1 : 0))
      holdUnlessHeld(key, "last", `${said}, and all others are held`);
    else if (deleteWindow.covers(1, accepted.size)) {
      deleteWindow.add(1);
      remove(key);
      audit("removed", [key], said);
    } else holdUnlessHeld(key, "deletes", `${said}, one of more than the budget allows`);
  }

  function holdUnlessHeld(key: string, cause: HeldCause, said: string): void {
    const record = changes.of(key);
    if (record === undefined) holdKeys([key], cause, said, false);
    else note(record, { atWallMs: clock.wallMs(), said });
  }

  function requirementOf(record: ChangeRecord): Requirement {
    return requiredProof(record, { accepted: accepted.size, held: changes.size }, policy, missingWindow);
  }

  /** Believes what has been proved; only called on a complete answer, so that the last word is always a fresh one. */
  function settle(): void {
    // All are judged before any goes: the removal of one must not make the rest look small.
    const proved = changes.all().filter((record) => {
      const { proof } = requirementOf(record);
      return proof !== undefined && isProved(record, proof, time.ms());
    });
    for (const record of proved) {
      const keys = [...record.keys];
      missingWindow.add(keys.length);
      for (const key of keys) remove(key);
      audit("confirmed", keys, `${record.agreements} complete answers agree`, { id: record.id });
    }
  }

  /** In how long the next complete answer could decide something; undefined when none could. */
  function nextAnswer(): number | undefined {
    if (!time.isLive) return undefined;
    const waits = changes.all().flatMap((record) => {
      const { proof } = requirementOf(record);
      return proof === undefined ? [] : [nextAnswerInMs(record, proof, time.ms())];
    });
    return waits.length === 0 ? undefined : Math.min(...waits);
  }

  function flush(): void {
    report();
    confirmation.due(nextAnswer());
    const change = set.takeChange();
    if (change !== undefined) deps.onChange?.(change);
  }

  function find(id: string, decision: Decision): ChangeRecord {
    checkDecision(decision);
    const record = changes.find(id);
    if (record === undefined)
      throw new AppError(
        "HOLD_NO_SUCH_CHANGE",
        `${name}: nothing is held under the id "${id}"; it may have been released. List with: holdfast hold status`,
      );
    return record;
  }

  function records(): HoldRecords {
    return {
      version: 2,
      revision: revision ?? null,
      sequence: changes.sequence,
      changes: changes.all().map((record) => saveChange(record, time.ms())),
      approvals: approvals.all(),
      removals: { missing: missingWindow.saved(), deletes: deleteWindow.saved() },
    };
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
      changes.all().map((record) => {
        const { reason, proof } = requirementOf(record);
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
      held: changes.size,
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
      for (const key of keys) remove(key);
      approvals.give(keys, decision);
      audit("approved", keys, decision.why ?? "", { id, principal: decision.principal });
      flush();
    },
    reject(id, decision) {
      const record = find(id, decision);
      record.rejected = { principal: decision.principal, untilWallMs: clock.wallMs() + decision.ttlMs };
      audit("rejected", [...record.keys], decision.why ?? "", { id, principal: decision.principal });
      flush();
    },
    snapshot: (): HoldState<T> => ({ ...records(), accepted: [...accepted.values()] }),
    records,
    close() {
      confirmation.due(undefined);
    },
  };
}

import { AppError, messageOf, sleep } from "../kernel/index.ts";
import { backoffDelayMs } from "../call/index.ts";
import { silentLog } from "../telemetry/index.ts";
import { createDefinitionGuard, isKindAbsent } from "./absence.ts";
import { type PoisonedItem, objectKey } from "./decode.ts";
import { statusOf } from "./errors.ts";
import { type EvidenceItem, type KubeEvidence, isOlderRevision } from "./evidence.ts";
import { REFLECTOR_DEFAULTS, type Reflector, type ReflectorDeps, type ReflectorOptions, type ReflectorStatus } from "./reflector-api.ts";
import { createReflectorMeter } from "./reflector-meter.ts";
import type { KubeObject } from "./resource.ts";
import { watchSeconds } from "./watch-duration.ts";
import type { WatchEvent } from "./watch-stream.ts";

const CONFIRM = new AppError("CALL_ABORTED", "the watch gives way to a list");
/** Watches that fail so often in a row make way for a list, which says more (and may find that the server was rewound). */
const WATCH_FAILURES_BEFORE_RELIST = 3;
/** A kind that is kept in an etcd of its own has revisions of its own: so many lists that found nothing, and the others' say nothing of it. */
const FALSE_ALARMS_BORNE = 3;
/** A watch that ends sooner than this without an event counts as one that failed. */
const SHORTEST_WATCH_MS = 1_000;

/**
 * List, then watch (page "Kubernetes API Concepts"): a paginated list of the newest revision, a watch from there with bookmarks. 410 Expired lists
 * anew, a failure waits with full jitter. What is heard goes to the sink as evidence with its worth; nothing that went wrong is ever put as "none".
 */
export function createReflector<T>(options: ReflectorOptions<T>, deps: ReflectorDeps<T>): Reflector {
  const settings = { ...REFLECTOR_DEFAULTS, ...options };
  const { resource } = options;
  const { client, clock, random } = deps;
  const log = (deps.log ?? silentLog).child({ kind: resource.kind });
  const meter = createReflectorMeter(resource, deps.metrics);
  const selection = {
    ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
    ...(options.labelSelector === undefined ? {} : { labelSelector: options.labelSelector }),
    ...(options.fieldSelector === undefined ? {} : { fieldSelector: options.fieldSelector }),
  };

  const stopping = new AbortController();
  let round = new AbortController();
  let running: Promise<void> | undefined;
  let status: ReflectorStatus = {
    state: "connecting",
    revision: options.restoredRevision,
    synced: false,
    lastSuccessMonoMs: undefined,
    error: undefined,
    failures: 0,
  };
  let highestRevision = options.restoredRevision;
  let listWanted = true;
  let isConfirmWanted = false;
  let isDoubted = false;
  let falseAlarms = 0;
  let listing = false;
  let isHeard = false;
  let watchFailures = 0;
  let progressAtMs = clock.monoMs();
  const definition = createDefinitionGuard(client, resource, clock);
  let isDefinitionDoubted = false;

  const current = (): ReflectorStatus => {
    const vouchedMs = status.state === "live" || status.state === "absent" ? deps.heartbeat?.lastHeardMonoMs : undefined;
    return vouchedMs === undefined ? status : { ...status, lastSuccessMonoMs: Math.max(vouchedMs, status.lastSuccessMonoMs ?? 0) };
  };
  const become = (change: Partial<ReflectorStatus>): void => {
    const before = status.state;
    status = { ...current(), ...change };
    if (status.state === before) return;
    meter.state(status.state);
    log.info({ state: status.state, before, revision: status.revision, error: status.error?.message }, "kind changed state");
    deps.onState?.(status);
  };
  const emit = (evidence: KubeEvidence<T>): void => {
    try {
      deps.sink(evidence);
    } catch (thrown) {
      log.error({ evidence: evidence.kind, error: messageOf(thrown) }, "evidence sink failed");
    }
  };
  const reached = (revision: string): void => {
    if (highestRevision === undefined || isOlderRevision(highestRevision, revision)) highestRevision = revision;
    status = { ...status, revision };
  };
  const heard = (): void => {
    deps.heartbeat?.heard();
    status = { ...status, lastSuccessMonoMs: clock.monoMs() };
    meter.heard(clock.wallMs());
  };

  function read(object: KubeObject): EvidenceItem<T> | PoisonedItem {
    const key = objectKey(object.metadata);
    try {
      return { key, value: options.decode(object), version: `${object.metadata.uid ?? ""}:${object.metadata.resourceVersion ?? ""}` };
    } catch (thrown) {
      return { key, problem: messageOf(thrown) };
    }
  }

  function poison(item: PoisonedItem): void {
    meter.poisoned();
    log.warn({ key: item.key, problem: item.problem }, "object cannot be read and keeps its last good version");
    emit({ kind: "poisoned", key: item.key, problem: item.problem });
  }

  /**
   * A watch from a revision that the server, restored from a backup, has not reached yet is let in and says nothing of what happens until it has. Only
   * a list shows that, and another revision that is lower shows that it is time for one.
   */
  function doubt(revision: string): void {
    if (status.state !== "live" || falseAlarms >= FALSE_ALARMS_BORNE) return;
    if (status.revision === undefined || !isOlderRevision(revision, status.revision)) return;
    isDoubted = true;
    relist();
  }

  function relist(): void {
    if (listing) return;
    listWanted = true;
    round.abort(CONFIRM);
  }

  async function list(signal: AbortSignal): Promise<void> {
    listing = true;
    try {
      const answer = await client.list(resource, { ...selection, limit: settings.pageLimit, signal });
      if (isDefinitionDoubted) await expectDefinition(signal);
      isDefinitionDoubted = false;
      const items: EvidenceItem<T>[] = [];
      const poisoned = [...answer.poisoned];
      for (const object of answer.items) {
        const item = read(object);
        if ("problem" in item) poisoned.push(item);
        else items.push(item);
      }
      const doubt = options.implausible?.(items);
      if (doubt !== undefined)
        throw new AppError("CALL_IMPLAUSIBLE", `list of ${resource.plural}: it cannot be true: ${doubt}`, { retry: "idempotent" });
      const { resourceVersion: revision } = answer;
      const rewound = highestRevision !== undefined && isOlderRevision(revision, highestRevision);
      if (rewound) log.error({ revision, highestRevision }, "list is of a lower revision than known: restored backup or another cluster");
      const wentBack = status.revision !== undefined && isOlderRevision(revision, status.revision);
      if (isDoubted) falseAlarms = wentBack ? 0 : falseAlarms + 1;
      isDoubted = false;
      listWanted = false;
      isConfirmWanted = false;
      watchFailures = 0;
      progressAtMs = clock.monoMs();
      isHeard = true;
      heard();
      reached(revision);
      meter.list("ok");
      for (const item of poisoned) poison(item);
      // The evidence goes first: whoever reads "synced" finds the answer already taken.
      emit({ kind: "complete", items, poisoned, revision, rewound });
      become({ state: status.state === "live" ? "live" : "syncing", synced: true, error: undefined });
    } finally {
      listing = false;
    }
  }

  async function watch(revision: string, signal: AbortSignal): Promise<void> {
    const startMs = clock.monoMs();
    const stream = await client.watch(resource, {
      ...selection,
      resourceVersion: revision,
      serverTimeoutSeconds: watchSeconds(settings, random),
      silenceTimeoutMs: settings.silenceTimeoutMs,
      signal,
    });
    heard();
    if (!isHeard) emit({ kind: "live" });
    isHeard = true;
    become({ state: "live", error: undefined });
    let proved = false;
    try {
      for await (const event of stream) {
        proved = true;
        watchFailures = 0;
        progressAtMs = clock.monoMs();
        heard();
        meter.event(event.type);
        if (event.type === "DELETED" && options.optional === true) await expectDefinition(signal);
        take(event);
      }
    } finally {
      // Being let in is no proof that watching works: until then the pauses go on growing.
      proved ||= clock.monoMs() - startMs >= SHORTEST_WATCH_MS;
      if (proved) status = { ...status, failures: 0 };
    }
    if (signal.aborted) throw signal.reason;
    if (!proved) {
      throw new AppError("KUBE_WATCH_SHORT", `watch of ${resource.plural}: the server ended it at once`, { retry: "safe" });
    }
  }

  /** Throws when the kind is being removed: what vanishes then was deleted by nobody. */
  async function expectDefinition(signal: AbortSignal): Promise<void> {
    if (await definition.isStaying(signal)) return;
    isDefinitionDoubted = true;
    const what = `${resource.plural}.${resource.group}: its definition is being deleted, and its objects with it; they are kept`;
    const error = new AppError("KUBE_KIND_LEAVING", what, { retry: "safe" });
    round.abort(error);
    throw error;
  }

  function take(event: WatchEvent): void {
    if (event.type === "BOOKMARK") {
      doubt(event.resourceVersion);
      reached(event.resourceVersion);
      return;
    }
    if (event.type === "POISONED") {
      poison(event);
      return;
    }
    const { metadata } = event.object;
    const revision = metadata.resourceVersion ?? "";
    if (event.type === "DELETED") emit({ kind: "delete", key: objectKey(metadata), revision });
    else {
      const item = read(event.object);
      if ("problem" in item) poison(item);
      else emit({ kind: "upsert", ...item });
    }
    reached(revision);
  }

  /** Answers how long to wait before the next round. */
  async function recover(error: AppError): Promise<number> {
    if (error === CONFIRM) {
      listWanted = true;
      return 0;
    }
    if (error.code === "KUBE_EXPIRED") {
      // The revision is no longer kept: not a failure, but many clients notice it at once.
      listWanted = true;
      return backoffDelayMs(settings.backoff, 0, random);
    }
    if (error.code === "KUBE_TIMEOUT_BODY" && !listWanted) {
      if (clock.monoMs() - progressAtMs >= settings.silenceRelistMs) listWanted = true;
      return 0;
    }
    // Servers differ: kube-apiserver says "404 page not found" of a group it does not have, others send a Status.
    const isUnknown = error.code === "KUBE_NO_SUCH_PATH" || error.code === "KUBE_NOT_FOUND";
    if (options.optional === true && isUnknown && (await provedAbsent())) return settings.absentRecheckMs * (0.5 + random.next() / 2);
    if (error.code === "KUBE_KIND_LEAVING") listWanted = true;
    if (!listWanted && ++watchFailures >= WATCH_FAILURES_BEFORE_RELIST) listWanted = true;
    fail(error);
    const retryAfterMs = Math.min(60_000, statusOf(error)?.retryAfterMs ?? 0);
    return Math.max(retryAfterMs, backoffDelayMs(settings.backoff, status.failures - 1, random));
  }

  async function provedAbsent(): Promise<boolean> {
    if (status.state === "absent" && !isConfirmWanted) {
      // The server answered as before and nobody asks for more proof than there was.
      heard();
      return true;
    }
    try {
      if (!(await isKindAbsent(client, resource, stopping.signal))) return false;
    } catch {
      return false; // unanswered; the error that led here is the one to tell
    }
    heard();
    listWanted = true;
    isConfirmWanted = false;
    isHeard = true;
    emit({ kind: "absent" });
    const wasAbsent = status.state === "absent";
    become({ state: "absent", synced: true, failures: 0, error: undefined });
    if (!wasAbsent) log.info({ resource: resource.plural, group: resource.group }, "kind is not installed");
    return true;
  }

  function fail(error: AppError): void {
    isHeard = false;
    meter.failed(error.code);
    log.warn({ error: error.message, code: error.code, failures: status.failures + 1 }, "kind cannot be read");
    become({ state: "failing", error, failures: status.failures + 1 });
    emit({ kind: "failed", error });
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      round = new AbortController();
      const { signal } = round;
      const end = (): void => round.abort(stopping.signal.reason);
      stopping.signal.addEventListener("abort", end, { once: true });
      let pauseMs = 0;
      try {
        if (listWanted || status.revision === undefined) await list(signal);
        await watch(status.revision ?? "", signal);
      } catch (thrown) {
        if (stopping.signal.aborted) break;
        const error =
          thrown instanceof AppError
            ? thrown
            : new AppError("KUBE_INTERNAL", `reflector of ${resource.plural}: ${messageOf(thrown)}`, { cause: thrown });
        pauseMs = await recover(error);
      } finally {
        stopping.signal.removeEventListener("abort", end);
      }
      if (pauseMs > 0) await sleep(clock, pauseMs, stopping.signal);
    }
  }

  return {
    start() {
      if (running === undefined) deps.heartbeat?.onAnswer(doubt);
      running ??= run();
    },
    confirm() {
      isConfirmWanted = true;
      relist();
    },
    status: current,
    async stop() {
      stopping.abort(new AppError("CALL_ABORTED", "the reflector was stopped"));
      await running;
    },
  };
}

import { grantCallbackRoutes, routeRegistry } from "../../auth/index.ts";
import { AppError, type Clock, type Random, type Timer, messageOf } from "../../kernel/index.ts";
import { type Log, MetricsRegistry } from "../../telemetry/index.ts";
import { type Registry, extendRegistry } from "../../route/index.ts";
import type { Channel } from "../channel.ts";
import type { ControlConfig, FromControl, ToControl } from "../messages.ts";
import { openSnapshotStore } from "../snapshot/store.ts";
import { createPublisher, lastNumberOf } from "./publisher.ts";
import { SnapshotWrites } from "./snapshot-writes.ts";
import type { ControlSource, SourceDeps } from "./source.ts";

interface ControlDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly channel: Channel<ToControl, FromControl>;
  readonly exit: (code: number) => void;
}

const STATUS_PERIOD_MS = 1_000;
const STATUS_PAUSE_MS = 50;

/**
 * The control process: learns routes, keeps what it accepted on disk, hands it out, says how it stands. It may die at any time;
 * what it knew is in the snapshot folder.
 */
export async function runControl(config: ControlConfig, deps: ControlDeps): Promise<void> {
  const { channel, clock, log } = deps;
  const send = (message: FromControl): void => channel.send(message);
  const metrics = new MetricsRegistry();
  const store =
    config.snapshotDirectory === undefined
      ? undefined
      : openSnapshotStore({ directory: config.snapshotDirectory, source: config.source }, { log });
  const booted = store?.readNewest()?.header;
  const numbering = { source: config.source, lastNumber: lastNumberOf(config, clock) };
  const writes = new SnapshotWrites({ clock, log });
  // What is on disk is not what is served when the disk failed since.
  const served = booted !== undefined && booted.number >= config.servedNumber ? booted : undefined;
  const publisher = createPublisher({ ...numbering, ownRoutes: grantCallbackRoutes(config.auth) }, served, {
    clock,
    log,
    store,
    writes,
    send,
  });

  let source: ControlSource | undefined;
  const sendStatus = (): void => {
    if (source !== undefined) send({ type: "status", status: { ...source.status(), snapshot: publisher.snapshot } });
  };
  let pause: Timer | undefined;
  const onStatus = (): void => {
    pause ??= clock.timer(STATUS_PAUSE_MS, () => {
      pause = undefined;
      sendStatus();
    });
  };

  channel.onParentGone(() => deps.exit(0));
  channel.onMessage((message) => {
    switch (message.type) {
      case "stats":
        send({ type: "stats", id: message.id, metrics: metrics.dump() });
        break;
      case "decide":
        void decide(source, message, send).then(onStatus);
        break;
      case "askApi":
        void (source?.apiAnswers() ?? Promise.resolve(false)).then((answers) => send({ type: "apiAnswer", id: message.id, answers }));
        break;
      case "served":
        store?.keepServed(message.number);
        break;
      case "wholeWanted":
        publisher.tellWhole();
        break;
      case "generationBad":
        log.error({ generation: message.number, reason: message.reason }, "workers refuse a generation; the next change makes another");
        break;
    }
  });

  try {
    source = await openSource({
      ...deps,
      metrics,
      config,
      registry: await pluginRegistry(config, clock),
      store,
      writes,
      publisher,
      booted,
      onStatus,
    });
  } catch (error) {
    const code = error instanceof AppError ? error.code : "ROUTER_CONTROL";
    send({ type: "fatal", code, message: messageOf(error) });
    // The supervisor decides what it means; this process starts again, and the cause may be gone then.
    clock.timer(STATUS_PERIOD_MS, () => deps.exit(1));
    return;
  }
  const periodically = (): void => {
    sendStatus();
    clock.timer(STATUS_PERIOD_MS, periodically);
  };
  periodically();
}

async function decide(
  source: ControlSource | undefined,
  message: Extract<ToControl, { type: "decide" }>,
  send: (message: FromControl) => void,
): Promise<void> {
  let problem: string | undefined;
  try {
    problem = source === undefined ? "the control process is still starting; try again" : await source.decide(message.decision);
  } catch (error) {
    problem = messageOf(error);
  }
  send({ type: "decided", id: message.id, ...(problem === undefined ? {} : { problem }) });
}

/** Throws AppError `PLUGIN_…` for the first plugin that cannot be loaded: what it was to do is not to be guessed. */
async function pluginRegistry({ plugins, auth }: ControlConfig, clock: Clock): Promise<Registry> {
  const base = routeRegistry(auth);
  if (plugins.length === 0) return base;
  const { loadPlugins } = await import("../../plugin/index.ts");
  const loaded = await loadPlugins(plugins, base, clock);
  for (const problem of loaded.problems) throw problem;
  return extendRegistry(base, loaded);
}

async function openSource(deps: SourceDeps): Promise<ControlSource> {
  const { routes, policy } = deps.config;
  if (routes.type === "file") return (await import("./file-source.ts")).openFileSource(routes.file, deps);
  if (policy === "naive") return (await import("./naive-source.ts")).openNaiveSource(routes, deps);
  return (await import("./kube-source.ts")).openKubeSource(routes, deps);
}

import type { ChildProcess } from "node:child_process";
import { X509Certificate } from "node:crypto";

import { AppError, type Clock, type Random, messageOf } from "../kernel/index.ts";
import type { Log } from "../telemetry/index.ts";
import type { TlsListener } from "./listeners.ts";
import type { RouterOptions } from "./options.ts";
import type { RouterEnd } from "./supervisor.ts";

/** A router that runs. */
export interface Router {
  /** Where the workers listen, once the first does and it is known that the router can be what it was told to be. */
  readonly listening: Promise<{ readonly port: number; readonly adminPort: number; readonly tlsPort: number | undefined }>;
  readonly ended: Promise<RouterEnd>;
  /** First call: drain. Second: stop waiting for the load balancer. Third: stop waiting for requests in flight. */
  drain(): void;
}

interface RouterDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly createLog: () => Log;
  readonly processes: { readonly worker: () => ChildProcess; readonly control: () => ChildProcess };
}

/** Problems of a snapshot folder that a person must mend; a full disk is none of them, it may pass. */
const MISUSED_FOLDER = new Set(["ENOENT", "EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST", "ELOOP", "ENAMETOOLONG", "EINVAL"]);

/**
 * Starts a router: workers first, everything else after them. Rejects with AppError `ROUTER_LISTEN` or `ROUTER_SNAPSHOT_FOLDER` when
 * it cannot do what it was told; what shows later ends it with `badInput`.
 */
export async function startRouter(options: RouterOptions, deps: RouterDeps): Promise<Router> {
  // Loaded only here: the processes that a router consists of take this folder's index too, and need none of it.
  const [{ probeListen }, { Supervisor }] = await Promise.all([import("./listen-probe.ts"), import("./supervisor.ts")]);
  const snapshotProblem =
    options.snapshotDirectory === undefined ? undefined : await tryFolder(options.snapshotDirectory, options.source, deps);
  const probe = await probeListen(options.listen);
  if (probe.type === "refused") {
    throw new AppError(
      "ROUTER_LISTEN",
      `cannot listen on ${options.listen.host}:${options.listen.port} (${probe.problem}); choose another with --listen ADDR:PORT`,
    );
  }
  const listen = probe.type === "free" ? { ...options.listen, port: probe.port } : options.listen;
  const tls = options.tls === undefined ? undefined : await checkTls(options.tls);
  const supervisor = new Supervisor({ ...options, listen, ...(tls === undefined ? {} : { tls }) }, deps);
  if (probe.type === "taken")
    supervisor.log.warn(
      { ...listen },
      "another process listens on this port; it is shared if that one is a router, as at a rolling restart",
    );
  if (snapshotProblem !== undefined)
    supervisor.log.error({ reason: snapshotProblem }, "snapshot folder cannot be written, serving goes on without it");

  // Loaded only now: the workers are on their way.
  const { openRouterAdmin } = await import("./admin/listener.ts");
  const admin = openRouterAdmin(supervisor, options.admin, deps).catch((error: unknown) => {
    supervisor.fail(messageOf(error));
    return undefined;
  });
  void supervisor.ended.then(async () => (await admin)?.close());
  return {
    listening: Promise.all([supervisor.listening, admin, supervisor.started]).then(([port, listener]) => ({
      port,
      adminPort: listener?.port ?? 0,
      tlsPort: tls?.listen.port,
    })),
    ended: supervisor.ended,
    drain: () => supervisor.drain(),
  };
}

/** What shows before the first handshake: an address that is not ours, a folder without a certificate, authorities that are none. */
async function checkTls(tls: TlsListener): Promise<TlsListener> {
  const [{ probeListen }, { readCertificateFiles, readSmall }] = await Promise.all([
    import("./listen-probe.ts"),
    import("./worker/certificate-files.ts"),
  ]);
  const { host, port } = tls.listen;
  const probe = await probeListen(tls.listen);
  if (probe.type === "refused")
    throw new AppError("ROUTER_LISTEN", `cannot listen on ${host}:${port} (${probe.problem}); choose another with --listen-tls ADDR:PORT`);
  const { pairs, problems } = tls.folder === undefined ? { pairs: [], problems: [] } : readCertificateFiles(tls.folder);
  if (tls.folder !== undefined && pairs.length === 0) {
    const why =
      problems.length === 0 ? "there is no NAME.crt with NAME.key, nor a folder with tls.crt and tls.key, in it" : problems.join("; ");
    throw new AppError("ROUTER_CERTIFICATES", `--tls-certificates ${tls.folder}: ${why}`);
  }
  try {
    const first = tls.clientAuthoritiesFile === undefined ? undefined : new X509Certificate(readSmall(tls.clientAuthoritiesFile));
    if (first?.ca === false) throw new Error("the first certificate in it is no authority's");
  } catch (error) {
    throw new AppError(
      "ROUTER_CERTIFICATES",
      `--tls-client-ca ${tls.clientAuthoritiesFile}: it holds no certificate in PEM (${messageOf(error)})`,
    );
  }
  return probe.type === "free" ? { ...tls, listen: { host, port: probe.port } } : tls;
}

/**
 * Makes the snapshot folder ready. A folder that cannot be written ends a start only when it also holds nothing to serve: a
 * volume that turned read-only must not keep a router from coming back in an outage.
 */
async function tryFolder(directory: string, source: string, deps: RouterDeps): Promise<string | undefined> {
  const { openSnapshotStore, prepareSnapshotFolder } = await import("./snapshot/store.ts");
  const problem = prepareSnapshotFolder(directory);
  if (problem === undefined) return undefined;
  const store = openSnapshotStore({ directory, source }, { log: deps.createLog() });
  if (MISUSED_FOLDER.has(problem.code) && store.readNewest() === undefined) {
    throw new AppError(
      "ROUTER_SNAPSHOT_FOLDER",
      `the snapshot folder ${directory} cannot be written (${problem.message}); mend its permissions or choose another with --snapshot DIR`,
    );
  }
  return problem.message;
}

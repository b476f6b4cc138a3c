import type { Distributor } from "./distributor.ts";
import type { ControlConfig, WorkerConfig } from "./messages.ts";
import type { RouterOptions } from "./options.ts";

/** What a worker that starts now is told. */
export function workerConfig(
  options: RouterOptions,
  { distributor, ticketKey }: { readonly distributor: Distributor; readonly ticketKey: Uint8Array },
): WorkerConfig {
  return {
    ...options.listen,
    ...(options.snapshotDirectory === undefined ? {} : { snapshotDirectory: options.snapshotDirectory }),
    source: options.source,
    skip: [...distributor.bad],
    knowledge: distributor.knowledge,
    awaitTable: distributor.newest !== undefined,
    logs: options.logs,
    ...(options.traces === undefined ? {} : { traces: options.traces }),
    ...(options.apiUsage === undefined ? {} : { apiUsage: options.apiUsage }),
    auth: options.auth,
    ...(options.zone === undefined ? {} : { zone: options.zone }),
    ...(options.weaknesses === undefined ? {} : { weaknesses: options.weaknesses }),
    h2c: options.h2c,
    backendTls: options.backendTls,
    plugins: options.plugins,
    ...(options.dynamicBackends === undefined ? {} : { dynamicBackends: options.dynamicBackends }),
    ...(options.forwardBackend === undefined ? {} : { forwardBackend: options.forwardBackend }),
    ...(options.via === undefined ? {} : { via: options.via }),
    ...(options.sharedLimits === undefined ? {} : { sharedLimits: options.sharedLimits }),
    ...(options.proxyProtocol === undefined ? {} : { proxyProtocol: options.proxyProtocol }),
    ...(options.tls === undefined ? {} : { tls: { ...options.tls, ticketKey } }),
  };
}

/** What a control process that starts now is told, beside its options. */
export function controlConfig(options: RouterOptions, numbers: Pick<ControlConfig, "lastNumber" | "servedNumber">): ControlConfig {
  return {
    routes: options.routes,
    policy: options.policy,
    tlsSecrets: options.tls?.secrets === true,
    ...(options.snapshotDirectory === undefined ? {} : { snapshotDirectory: options.snapshotDirectory }),
    source: options.source,
    ...numbers,
    staleAfterMs: options.staleAfterMs,
    plugins: options.plugins,
    auth: options.auth,
    ...(options.forwardBackend === undefined ? {} : { forwardBackend: options.forwardBackend }),
    ...(options.nodeName === undefined ? {} : { nodeName: options.nodeName }),
  };
}

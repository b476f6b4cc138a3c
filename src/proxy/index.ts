export type { AccessLogEntry, AccessLogSink } from "./access-log.ts";
export { type ProxyFailure, failures } from "./failure.ts";
export {
  type AccessLogOptions,
  type ProxyLimits,
  type ProxyOptions,
  type ProxyOptionsInput,
  type ProxyTimeouts,
  type RetryOptions,
  defaultProxyOptions,
} from "./options.ts";
export { type ListenOptions, type Proxy, type ProxyDeps, type ProxyStats, createProxy } from "./proxy.ts";
export type { Knowledge } from "./routing-state.ts";

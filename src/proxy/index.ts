export type { AccessLogFormat } from "./access-log-line.ts";
export type { LineSink } from "./line-buffer.ts";
export type { ProxyFailure } from "./failure.ts";
export {
  type AccessLogOptions,
  type ProxyLimits,
  type ProxyOptions,
  type ProxyOptionsInput,
  type ProxyTimeouts,
  type RetryOptions,
  defaultProxyOptions,
} from "./options.ts";
export type { ListenOptions } from "./listener.ts";
export { type Proxy, type ProxyDeps, type ProxyStats, createProxy } from "./proxy.ts";
export type { EndpointStats, Knowledge, PoolSource } from "./routing-state.ts";
export type { CertificatePair } from "./tls/certificates.ts";
export type { CertificateValidity, TlsFront, TlsMaterial } from "./tls/tls-front.ts";

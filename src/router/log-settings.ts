import type { AccessLogFormat } from "../proxy/index.ts";

/** What workers write down of requests. */
export interface LogSettings {
  /** Left out: there is no access log. `isByDefault`: whether a request has a line without a filter that says so. */
  readonly access?: { readonly format: AccessLogFormat; readonly isByDefault: boolean };
  /** Of a body, where a filter audits. */
  readonly auditBodyBytes: number;
}

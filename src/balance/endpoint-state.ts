/** When an endpoint that can not be connected to is left alone, and for how long. */
export interface EjectionOptions {
  /** Consecutive connect failures that eject. */
  readonly failures: number;
  /** Length of the first ejection; each further one in a row is twice as long. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** With a smaller share of the endpoints left than this, ejections are ignored: a half broken choice beats none. */
  readonly panicShare: number;
}

export const defaultEjection: EjectionOptions = Object.freeze({ failures: 1, baseMs: 1_000, maxMs: 30_000, panicShare: 0.5 });

/** What is known of one address, whatever pools and routes it is in; it outlives every update that still names it. */
export class EndpointState {
  /** `http://10.2.3.4:8080`, as it is written in pools. */
  readonly address: string;
  /** Host without brackets, for connecting. */
  readonly host: string;
  readonly port: number;
  /** Host and port as a Host field names them. */
  readonly authority: string;
  /** Requests sent to it and not yet answered in full. */
  inFlight = 0;
  /** Connect failures since the last connection that was made. */
  consecutiveFailures = 0;
  /** Connect failures since it is known. */
  failures = 0;
  /** No pool names it any more: nothing new is sent to it. */
  isRemoved = false;
  /** Monotonic time until which it is left alone; 0 when it is not ejected. */
  ejectedUntilMs = 0;

  constructor(address: string, host: string, port: number) {
    this.address = address;
    this.host = host;
    this.port = port;
    this.authority = address.slice(address.indexOf("//") + 2);
  }

  /** Counts a failure to connect. True when it ejected the endpoint. */
  connectFailed(nowMs: number, ejection: EjectionOptions): boolean {
    this.failures++;
    this.consecutiveFailures++;
    const over = this.consecutiveFailures - ejection.failures;
    // Failures of connections that were on their way when it was ejected say nothing new.
    if (over < 0 || nowMs < this.ejectedUntilMs) return false;
    this.ejectedUntilMs = nowMs + Math.min(ejection.maxMs, ejection.baseMs * 2 ** Math.min(over, 16));
    return true;
  }

  connected(): void {
    this.consecutiveFailures = 0;
    this.ejectedUntilMs = 0;
  }
}

const ADDRESS = /^http:\/\/(?:([A-Za-z0-9._~-]{1,255})|\[([0-9A-Fa-f:.]{2,45})\])(?::(\d{1,5}))?\/?$/;

/** Reads `http://host:port` (port 80 when left out). Undefined for what can not be served: another scheme, a path, a bad port. */
export function parseEndpointAddress(address: string): EndpointState | undefined {
  const match = ADDRESS.exec(address);
  if (match === null) return undefined;
  const host = match[1] ?? match[2] ?? "";
  const port = match[3] === undefined ? 80 : Number(match[3]);
  if (port < 1 || port > 65_535) return undefined;
  return new EndpointState(address.endsWith("/") ? address.slice(0, -1) : address, host, port);
}

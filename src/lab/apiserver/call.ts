import type { IncomingMessage, ServerResponse } from "node:http";
import type { CompleteConfig } from "./config.ts";
import type { Core, User } from "./core.ts";

/** Everything a verb needs to know of its request. */
export interface Call {
  readonly core: Core;
  readonly config: CompleteConfig;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly user: User;
  /** Aborts when the server closes. */
  readonly signal: AbortSignal;
}

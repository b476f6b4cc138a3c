import type { ListenerConfig } from "./config.ts";

/** What listens on an address and a port and takes new rules without being closed. */
export interface PortListener {
  readonly port: number;
  /** Takes effect with the next request or connection; the port and the protocol stay. */
  configure(config: ListenerConfig): void;
  /** Throws AppError ALB_LISTEN. */
  start(): Promise<void>;
  close(): Promise<void>;
}

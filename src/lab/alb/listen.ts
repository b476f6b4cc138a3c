import type { AddressInfo, Server } from "node:net";
import { AppError, messageOf } from "../../kernel/index.ts";

const BACKLOG = 1024;

/** Opens a listener's port. Rejects with AppError `ALB_LISTEN`. */
export function listen(server: Server, host: string, port: number, loadBalancerName: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      const message = `load balancer ${loadBalancerName} cannot listen on ${host}:${port}: ${messageOf(cause)}`;
      reject(new AppError("ALB_LISTEN", message, { cause }));
    });
    server.listen({ port, host, backlog: BACKLOG }, resolve);
  });
}

/** The port that it listens on. */
export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

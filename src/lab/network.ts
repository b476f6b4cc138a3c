import { createServer } from "node:net";
import { AppError, type Random } from "../kernel/index.ts";

/** The lab's own block of the loopback range, 127.BLOCK.0.0/16, and who lives where in it. */
export interface LabNetwork {
  readonly block: number;
  readonly apiServer: string;
  /** `nodeAddress(1)` is node-1's. */
  nodeAddress(node: number): string;
  /** The first three numbers of node N's pod addresses, `127.30.11`. */
  podPrefix(node: number): string;
  /** One ALB for each fleet, numbered from 1. */
  albAddress(alb: number): string;
  readonly loadAddress: string;
}

export const API_SERVER_PORT = 6443;
export const KUBELET_PORT = 10250;

/** The layout of block `block`. */
export function labNetwork(block: number): LabNetwork {
  return {
    block,
    apiServer: `127.${block}.0.1`,
    nodeAddress: (node) => `127.${block}.1.${node}`,
    podPrefix: (node) => `127.${block}.${10 + node}`,
    albAddress: (alb) => `127.${block}.2.${alb}`,
    loadAddress: `127.${block}.3.1`,
  };
}

const FIRST_BLOCK = 30;
const BLOCKS = 220;

/**
 * Finds a block whose API server address nobody listens on, so that several labs can run at once; begins at a random one,
 * because two that start at the same moment would find the same. Throws LAB_NO_ADDRESS where loopback has one address only
 * (macOS).
 */
export async function findFreeBlock(random: Random): Promise<LabNetwork> {
  const start = Math.floor(random.next() * BLOCKS);
  for (let at = 0; at < BLOCKS; at++) {
    const network = labNetwork(FIRST_BLOCK + ((start + at) % BLOCKS));
    const outcome = await tryListen(network.apiServer, API_SERVER_PORT);
    if (outcome === "free") return network;
    if (outcome === "EADDRNOTAVAIL") {
      throw new AppError(
        "LAB_NO_ADDRESS",
        `the lab needs all of 127.0.0.0/8 and ${network.apiServer} cannot be bound here; on macOS run it in a Linux virtual machine, or add the addresses with 'ifconfig lo0 alias'`,
      );
    }
  }
  throw new AppError("LAB_NO_ADDRESS", "no free block in 127.0.0.0/8: other labs are running; stop one of them");
}

function tryListen(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "unknown"));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve("free")));
  });
}

import { createServer } from "node:net";
import { AppError, type Random } from "../kernel/index.ts";

export const REGION = "eu-central-1";

/** The lab's own block of the loopback range, 127.BLOCK.0.0/16, and who lives where in it. It is the VPC of the lab's account, too. */
export interface LabNetwork {
  readonly block: number;
  readonly apiServer: string;
  /** Where all services of the lab's AWS answer. */
  readonly aws: string;
  readonly vpcCidr: string;
  readonly zones: readonly LabZone[];
  /** The first three numbers of the addresses of pods on the node of this address, `127.30.65`. */
  podPrefix(nodeAddress: string): string;
  /** Where the control API of the load balancers' host answers; they themselves are in public subnets. */
  readonly albHost: string;
  /** The first three numbers of load balancers' addresses, in their public subnets. */
  readonly loadBalancerBlock: string;
  readonly loadAddress: string;
}

/** An availability zone with its two subnets. */
export interface LabZone {
  readonly name: string;
  /** Of load balancers. */
  readonly publicCidr: string;
  /** Of nodes, and of their pods: as with the VPC CNI. */
  readonly privateCidr: string;
}

export const API_SERVER_PORT = 6443;
export const AWS_PORT = 4566;
export const AWS_CONTROL_PORT = 4567;
export const ALB_CONTROL_PORT = 8081;
export const LOAD_CONTROL_PORT = 8081;
export const KUBELET_PORT = 10250;

/** AWS keeps the first addresses of each subnet: a zone's first node is its fourth. */
const FIRST_NODE = 4;

/** The layout of block `block`. */
export function labNetwork(block: number): LabNetwork {
  return {
    block,
    apiServer: `127.${block}.0.1`,
    aws: `127.${block}.0.2`,
    vpcCidr: `127.${block}.0.0/16`,
    zones: ["a", "b", "c"].map((letter, at) => ({
      name: `${REGION}${letter}`,
      publicCidr: `127.${block}.2.${at * 64}/26`,
      privateCidr: `127.${block}.${(at + 1) * 64}.0/18`,
    })),
    // The node's subnet begins with addresses for 60 nodes; each has the 256 after it that are its own.
    podPrefix: (nodeAddress) => {
      const [first, second, third, last] = nodeAddress.split(".").map(Number) as [number, number, number, number];
      return `${first}.${second}.${third + last - FIRST_NODE + 1}`;
    },
    albHost: `127.${block}.0.3`,
    loadBalancerBlock: `127.${block}.2`,
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

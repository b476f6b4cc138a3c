import { freePort } from "../../../kernel/testing/free-port.ts";
import type { LabAwsConfig } from "../config.ts";
import { ACCOUNT, LAB_KEY, REGION } from "./test-account.ts";

export const CONTROL_TOKEN = "t";

/** An account over three zones of loopback addresses, without Auto Scaling groups, as a process has it; each on ports of its own. */
export async function partConfig(more: object = {}): Promise<Pick<LabAwsConfig, "listen" | "control" | "account">> {
  const [listen, control] = await Promise.all([freePort(), freePort()]);
  const config = {
    listen: { host: "127.0.0.1", port: listen },
    control: { host: "127.0.0.1", port: control, token: CONTROL_TOKEN },
    account: ACCOUNT,
    region: REGION,
    keys: [{ ...LAB_KEY, user: "lab" }],
    network: {
      vpc: { id: "vpc-1", cidr: "127.0.0.0/8" },
      subnets: ["a", "b", "c"].map((letter, at) => ({
        id: `subnet-${letter}`,
        zone: `${REGION}${letter}`,
        cidr: `127.0.${at}.0/24`,
        isPublic: true,
        tags: { "kubernetes.io/role/elb": "1" },
      })),
      securityGroups: [{ id: "sg-1", name: "lb" }],
    },
    timing: { provisioningMs: 0, bootMs: 0, stopMs: 0, terminateMs: 0, advanceEveryMs: 50 },
    ...more,
  };
  return config;
}

import type { AwsWorld } from "../world/world.ts";

/** The load balancers that have a listener with this certificate, by ARN. */
export function usersOfCertificate(world: AwsWorld, arn: string): readonly string[] {
  const users = [...world.listeners.values()].filter(({ certificates }) => certificates.includes(arn));
  return [...new Set(users.map(({ loadBalancerArn }) => loadBalancerArn))];
}

/** A load balancer of the story, by the hash in its name, and what is particular about it. */
interface Stack {
  readonly hash: string;
  readonly certificates: string;
  readonly policy?: string;
  readonly isNetwork?: boolean;
  /** Whether its security group is made for it. */
  readonly isGuarded?: boolean;
}

const DEFAULT_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06";
const shop: Stack = { hash: "1faf9d0bad", certificates: "*.example.org,shop.example.org", isGuarded: true };
const tcp: Stack = { hash: "526b2ba45c", certificates: "*.example.org", isNetwork: true };
const own: Stack = { hash: "c1a8f90c3e", certificates: "*.example.org", isGuarded: true };
const api: Stack = { hash: "f6d55edc03", certificates: "api.example.org" };

function linesOf(stack: Stack): readonly string[] {
  const { certificates, policy = DEFAULT_POLICY, isNetwork = false, isGuarded = false } = stack;
  const name = nameOf(stack);
  const attributes = `deletion_protection.enabled=true${isNetwork ? "" : " idle_timeout.timeout_seconds=60"}`;
  const lines = [
    `load balancer ${name} ${isNetwork ? "network" : "application"} internet-facing ipv4 active zones abc ${isGuarded ? name : "lb"} ${attributes}`,
    `listener ${name} ${isNetwork ? `TCP 80 forward ${name}` : "HTTP 80 redirect HTTPS 443 HTTP_301"}`,
    `listener ${name} ${isNetwork ? "TLS" : "HTTPS"} 443 ${policy} ${certificates} forward ${name}`,
    `target group ${name} ${isNetwork ? "TCP" : "HTTP"} 9999 instance asked HTTP 9911/readyz 10s 6 healthy of 6 of nodes-a,nodes-b`,
  ];
  return isGuarded ? [...lines, `security group ${name} 0.0.0.0/0 443-443 0.0.0.0/0 80-80`] : lines;
}

export const OWN_NAME = nameOf(own);

function nameOf({ hash }: Stack): string {
  return `hf-lab-${hash}-0`;
}

const all = (...stacks: readonly Stack[]): readonly string[] => stacks.flatMap(linesOf).toSorted();

/** As `shownBy` says it, when the story's objects have their load balancers; when the policy of one is another; when that one is gone. */
export const expected = all(shop, tcp, own, api);
export const changed = all(shop, tcp, { ...own, policy: "ELBSecurityPolicy-TLS13-1-2-Res-2021-06" }, api);
export const withoutOwn = all(shop, tcp, api);

/** Of the AWS Load Balancer Controller, and of kube-ingress-aws-controller. */
export const AWS_PREFIX = "alb.ingress.kubernetes.io/";
export const ZALANDO_PREFIXES = ["zalando.org/aws-load-balancer-", "zalando.org/aws-waf-"] as const;

/** Annotations of the AWS Load Balancer Controller that do nothing here, and what to use in their place. */
export interface Unheeded {
  /** As the documentation names them. */
  readonly keys: readonly string[];
  readonly instead: string;
  readonly matches: (key: string) => boolean;
}

function unheeded(instead: string, ...names: readonly string[]): Unheeded {
  const keys = names.map((name) => AWS_PREFIX + name);
  const matches = (key: string): boolean => keys.some((one) => (one.endsWith("*") ? key.startsWith(one.slice(0, -1)) : one === key));
  return { keys, instead, matches };
}

export const UNHEEDED: readonly Unheeded[] = [
  unheeded(
    "Requests are routed by the routers, not by rules of the load balancer: use filters and predicates of routes.",
    "actions.*",
    "conditions.*",
    "transforms.*",
    "use-regex-path-match",
  ),
  unheeded(
    "Of no use without `auth-type`, which is refused.",
    "auth-idp-cognito",
    "auth-idp-oidc",
    "auth-on-unauthenticated-request",
    "auth-scope",
    "auth-session-cookie",
    "auth-session-timeout",
  ),
  unheeded("Set by `holdfast alb` for all: the load balancer speaks to the routers, and they to pods.", "backend-protocol-version"),
  unheeded("The routers' nodes are found by their Auto Scaling groups.", "target-node-labels", "multi-cluster-target-group"),
  unheeded("Security groups of nodes are not managed.", "manage-backend-security-group-rules", "security-group-prefix-lists"),
  unheeded("Ask for protection by AWS Shield where the account is managed.", "shield-advanced-protection"),
  unheeded(
    "Not done.",
    "customer-owned-ipv4-pool",
    "ipam-ipv4-pool-id",
    "minimum-load-balancer-capacity",
    "listener-attributes.*",
    "target-control-port.*",
  ),
  unheeded(
    "There is no second load balancer before the first: use `zalando.org/aws-load-balancer-type: nlb`.",
    "enable-frontend-nlb",
    "frontend-nlb-scheme",
    "frontend-nlb-subnets",
    "frontend-nlb-security-groups",
    "frontend-nlb-listener-port-mapping",
    "frontend-nlb-healthcheck-*",
    "frontend-nlb-tags",
    "frontend-nlb-eip-allocations",
    "frontend-nlb-attributes",
  ),
];

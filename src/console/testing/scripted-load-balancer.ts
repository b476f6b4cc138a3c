import type { LaneView, LoadBalancerView, Policy } from "../contract.ts";

const ACCOUNT = "arn:aws:acm:eu-central-1:123456789012:certificate";

/** A made-up load balancer of a lane, with as much on it as the page has to show. */
export function scriptedLoadBalancer(policy: Policy, { alb }: LaneView): LoadBalancerView {
  const hash = policy === "naive" ? "5d0c1f9be204" : "91b7ae03c6d8";
  return {
    policy,
    name: `hf-scripted-${hash}`,
    type: "application",
    scheme: "internet-facing",
    dnsName: `hf-scripted-${hash}-1180426237.eu-central-1.elb.amazonaws.com`,
    state: "active",
    ageSeconds: 12,
    doubt: null,
    owners: ["Ingress shop/front", "RouteGroup shop/cart"],
    listeners: [
      { port: 80, protocol: "HTTP", sslPolicy: null, action: "redirect to port 443", certificates: [] },
      {
        port: 443,
        protocol: "HTTPS",
        sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
        action: "forward to routers",
        certificates: [
          { arn: `${ACCOUNT}/6f1d7a52`, names: ["shop.example", "*.shop.example"], notAfter: "2027-05-02T00:00:00.000Z" },
          { arn: `${ACCOUNT}/0b93c1de`, names: ["old.example"], notAfter: "2026-12-24T00:00:00.000Z" },
        ],
      },
    ],
    targets: alb.targets.map((target, at) => ({
      id: `i-0${at + 1}7c2f9d4be81a63f`,
      port: 9999,
      zone: `eu-central-1${"abc"[at] ?? "a"}`,
      state: target.state,
      reason: target.reason,
      description: target.reason === null ? null : "Health checks failed with these codes: [503]",
    })),
    plan: [{ effect: "remove", text: "certificate old.example from port 443: no host needs it", heldId: null }],
  };
}

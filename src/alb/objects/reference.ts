import { AWS_ANNOTATIONS } from "./aws-annotations.ts";
import type { Annotation } from "./annotation.ts";
import { SSL_POLICIES } from "./ssl-policies.ts";
import { UNHEEDED } from "./unheeded.ts";
import { ZALANDO_ANNOTATIONS } from "./zalando-annotations.ts";

/** docs/reference/alb-annotations.md, as scripts/alb-reference.ts writes it. */
export function annotationsPage(): string {
  const parts = [
    INTRODUCTION,
    "## Of kube-ingress-aws-controller",
    table(ZALANDO_ANNOTATIONS),
    "## Of the AWS Load Balancer Controller",
    table(AWS_ANNOTATIONS),
    "## Not heeded",
    "An object that has one of these gets one Event that names them; the rest of it is done.",
    UNHEEDED.map(({ keys, instead }) => `- ${keys.map((key) => `\`${key}\``).join(", ")}: ${instead}`).join("\n"),
    "## Security policies",
    `${[...SSL_POLICIES].map((name) => `\`${name}\``).join(", ")}. \`ELBSecurityPolicy-2015-05\` is for network load balancers only.`,
  ];
  return `${parts.join("\n\n")}\n`;
}

const INTRODUCTION = `# Annotations of load balancers

<!-- Made by scripts/alb-reference.ts from the code. -->

What an Ingress or a RouteGroup can say to \`holdfast alb\` about its load balancer. Those of kube-ingress-aws-controller and of the AWS Load Balancer Controller are both read; where two say different things about the same, neither is believed.

- A load balancer stands before the routers, and they do everything by request: rules, weights, authentication, redirects by path. Every listener forwards all to one target group of routers, or redirects.
- Objects that ask for the same share load balancers, as with kube-ingress-aws-controller. What is asked for is compared as a whole: with another attribute an object gets another load balancer, which is made and serves before its status moves there. \`load-balancer-name\` and \`aws-load-balancer-shared: "false"\` make it one of its own, \`group.name\` one of a group; these change in place, all but type and scheme.
- A value that cannot be used is refused: the object gets an Event and the annotation \`holdfast.dev/load-balancer-problem\`, which say of all its annotations what is wrong (a RouteGroup the condition \`LoadBalancerAsWritten\`), and its last valid version stands. If there never was one, nothing is made for it, and nothing of its name is taken away.
- Where the two controllers have other defaults (\`scheme\` is \`internet-facing\` with one and \`internal\` with the other) the flag of \`holdfast alb\` decides.
- \`kubernetes.io/ingress.class\`, \`spec.ingressClassName\` and, for RouteGroups, \`zalando.org/routegroup.class\` say whose an object is: \`--ingress-class-filter\`. Where an Ingress has both the annotation counts, as Kubernetes asks of controllers (with kube-ingress-aws-controller the field does); an empty one says nothing. An Ingress whose IngressClass has the controller \`holdfast.dev/alb\` or \`holdfast.dev/router\` is served whatever its class is called.
- The status gets the load balancer's host name (\`status.loadBalancer.ingress\`, of a RouteGroup \`status.loadBalancer.routegroup\`) once it is active, has the object's certificates, and at least half of the routers behind it are healthy. It moves to another load balancer only when that one serves, and is never emptied.
- No finalizers are set: a load balancer outlives its objects by the hold (hours), so nothing has to wait for it, and no namespace is stuck because AWS cannot be reached. Finalizers that the AWS Load Balancer Controller left (\`ingress.k8s.aws/resources\`, \`group.ingress.k8s.aws/…\`) have to be taken off by hand when it is gone.
- Hosts are those of rules, of \`spec.tls\`, and of RouteGroups; those in \`--cluster-local-domain\` need no load balancer.`;

function table(annotations: readonly Annotation[]): string {
  const rows = annotations.map(({ key, values, meaning }) => [`\`${key}\``, cell(values), cell(meaning)]);
  const all = [["annotation", "values", "meaning"], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string => `| ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(all[0] ?? []), rule, ...rows.map(line)].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

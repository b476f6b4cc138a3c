import { type Classes, Fields, defaultConvertOptions, isServedIngress, isServedRouteGroup, readMeta } from "../../ingress/index.ts";
import { AppError } from "../../kernel/index.ts";
import type { KubeObject } from "../../kube/index.ts";
import {
  type Claim,
  type ClaimOwner,
  type ClaimProblem,
  type HealthCheckWishes,
  type ListenPort,
  type LoadBalancerKind,
  type Sharing,
  type Wishes,
  ownerKey,
} from "../model/claim.ts";
import { annotationError } from "./annotation-values.ts";
import { readAnnotations } from "./annotations.ts";
import { readHosts } from "./hosts.ts";
import { readStatusHosts } from "./status-hosts.ts";
import { checkLoadBalancerAttributes, checkTargetGroupAttributes } from "./attributes.ts";
import type { ClaimOptions } from "./claim-options.ts";
import type { SaidBuilder } from "./said.ts";

/** What an object asks for; undefined when it needs no load balancer. */
export interface ReadClaim {
  readonly claim: Claim | undefined;
  /** What is not heeded; the rest is done all the same. */
  readonly notes: readonly ClaimProblem[];
}

/** `IngressClass.spec.controller` of those whose Ingresses are served: the routers' are, because clients reach the routers by these load balancers. */
const CONTROLLERS = ["holdfast.dev/alb", "holdfast.dev/router"];

/** Whether an Ingress or RouteGroup is one of the controller's. Throws AppError `INGRESS_FIELD` when it cannot be read. */
export function isServed(object: KubeObject, classes: Classes, { classes: filter }: ClaimOptions): boolean {
  const meta = readMeta(object);
  const options = { classes: filter ?? defaultConvertOptions.classes, controllers: CONTROLLERS };
  const acceptsNone = filter?.includes("") ?? true;
  if (object.kind === "RouteGroup") {
    const named =
      ["zalando.org/routegroup.class", "kubernetes.io/ingress.class"].map((key) => meta.annotations.get(key) ?? "").find(Boolean) ?? "";
    return named === ""
      ? acceptsNone
      : isServedRouteGroup({ meta: { annotations: new Map([["zalando.org/routegroup.class", named]]) } }, options);
  }
  const className = new Fields(object, "").optionalObject("spec")?.optionalString("ingressClassName");
  const isNamed = ![meta.annotations.get("kubernetes.io/ingress.class"), className].every((name) => (name ?? "") === "");
  return (isNamed || acceptsNone) && isServedIngress({ meta, className }, classes, options);
}

/** Reads what an Ingress or RouteGroup asks for. Throws AppError `ALB_ANNOTATION` or `INGRESS_FIELD`: then its last valid version stands. */
export function readClaim(object: KubeObject, options: ClaimOptions): ReadClaim {
  const { namespace, name, annotations } = readMeta(object);
  const owner: ClaimOwner = {
    kind: object.kind === "RouteGroup" ? "RouteGroup" : "Ingress",
    namespace,
    name,
    uid: object.metadata.uid ?? "",
  };
  const key = ownerKey(owner);
  const all = readHosts(object);
  const hosts = all.filter((host) => !isInDomain(host, options.clusterLocalDomain));
  const builder = readAnnotations(annotations, options);
  const { said } = builder;
  const kind = builder.attempt(() => kindOf(builder, options));
  const sharing = builder.attempt(() => sharingOf(builder, key));
  // What cannot be read may have said another type.
  const wishes = wishesOf(builder, builder.hasProblems ? undefined : kind?.type);
  if (kind === undefined || sharing === undefined || builder.hasProblems) throw builder.refusal();
  const claim: Claim = {
    owner,
    hosts,
    sharing,
    order: said.order ?? 0,
    kind,
    saidKind: (["type", "scheme"] as const).filter((part) => said[part] !== undefined),
    wishes,
    certificateArns: said.certificateArns ?? [],
    statusHosts: readStatusHosts(object),
  };
  const isLocalOnly = hosts.length === 0 && all.length > 0;
  const notes = builder.notes.map((message) => ({ owner: key, reason: "NotHeeded", message }));
  return { claim: isLocalOnly ? undefined : claim, notes };
}

function isInDomain(host: string, domain: string | undefined): boolean {
  return domain !== undefined && (host === domain || host.endsWith(`.${domain}`));
}

/**
 * A web ACL needs an application load balancer: where no type is said, that is what is meant; with `nlb` the two contradict each other. An object that asks
 * for an internal one gets an application load balancer too: through a network load balancer a node cannot reach itself while clients' addresses are
 * kept (user guide of Network Load Balancers, Troubleshooting: requests time out for targets that are clients as well).
 */
function kindOf(builder: SaidBuilder, { settings }: ClaimOptions): LoadBalancerKind {
  const { type, scheme = settings.scheme, webAcl } = builder.said;
  const needsApplication = webAcl !== undefined && webAcl !== "none";
  if (needsApplication && type === "network")
    throw new AppError(
      "ALB_ANNOTATION",
      `annotations ${builder.saidBy("webAcl")} and ${builder.saidBy("type")} contradict each other: network load balancers have no web ACL, leave one of them out`,
    );
  const isSafer = needsApplication || builder.said.scheme === "internal";
  return { type: type ?? (isSafer ? "application" : settings.type), scheme, targetType: settings.targetType };
}

function sharingOf(builder: SaidBuilder, owner: string): Sharing {
  const { group, isShared, name } = builder.said;
  if (group !== undefined && isShared === false)
    throw new AppError(
      "ALB_ANNOTATION",
      `annotations ${builder.saidBy("group")} and ${builder.saidBy("isShared")} contradict each other: it is shared with its group, or with nobody`,
    );
  if (group !== undefined) return { by: "group", group };
  return isShared === false || name !== undefined ? { by: "nobody", owner } : { by: "all" };
}

type Type = LoadBalancerKind["type"] | undefined;

function wishesOf(builder: SaidBuilder, type: Type): Wishes {
  const { said } = builder;
  const attributes = new Map(said.attributes);
  if (attributes.get("deletion_protection.enabled") === "false") {
    builder.note("deletion_protection.enabled=false is not heeded: protection is taken off in the last step of a removal that was proved");
    attributes.delete("deletion_protection.enabled");
  }
  builder.attempt(() => checkLoadBalancerAttributes(builder.saidBy("attributes"), attributes, type));
  const ofTargetGroup = said.targetGroupAttributes ?? new Map<string, string>();
  builder.attempt(() => checkTargetGroupAttributes("alb.ingress.kubernetes.io/target-group-attributes", ofTargetGroup, type));
  if (said.inboundCidrs !== undefined && said.securityGroups !== undefined)
    builder.note(
      `${builder.saidBy("inboundCidrs")} is not heeded beside ${builder.saidBy("securityGroups")}: these groups say who may come in`,
    );
  const healthCheck = builder.attempt(() => healthCheckOf(builder, type)) ?? {};
  const wishes: Record<keyof Wishes, unknown> = {
    name: said.name,
    ipAddressType: said.ipAddressType,
    subnets: said.subnets,
    securityGroups: said.securityGroups,
    inboundCidrs: said.securityGroups === undefined ? said.inboundCidrs : undefined,
    sslPolicy: said.sslPolicy,
    webAcl: said.webAcl,
    listenPorts: builder.attempt(() => portsOf(builder, type)),
    redirectToPort: builder.attempt(() => redirectOf(builder, type)),
    attributes: attributes.size > 0 ? attributes : undefined,
    targetGroupAttributes: said.targetGroupAttributes,
    healthCheck: Object.keys(healthCheck).length > 0 ? healthCheck : undefined,
    tags: said.tags,
  };
  return Object.fromEntries(Object.entries(wishes).filter(([, value]) => value !== undefined));
}

const OF_NETWORK = { HTTP: "TCP", HTTPS: "TLS", TCP: "TCP", TLS: "TLS" } as const;

function portsOf(builder: SaidBuilder, type: Type): readonly ListenPort[] | undefined {
  const ports = builder.said.listenPorts;
  if (type === "network") return ports?.map(({ protocol, port }) => ({ protocol: OF_NETWORK[protocol], port }));
  const foreign = ports?.find(({ protocol }) => protocol === "TCP" || protocol === "TLS");
  if (type !== undefined && foreign !== undefined)
    throw annotationError(builder.saidBy("listenPorts"), "HTTP and HTTPS, the protocols of an application load balancer", foreign.protocol);
  return ports;
}

function redirectOf(builder: SaidBuilder, type: Type): number | undefined {
  const { redirectToPort, listenPorts } = builder.said;
  if (redirectToPort === undefined) return undefined;
  if (type === "network") {
    builder.note(`${builder.saidBy("redirectToPort")} is not heeded: a network load balancer redirects nobody`);
    return undefined;
  }
  if (listenPorts !== undefined && !listenPorts.some(({ protocol, port }) => protocol === "HTTPS" && port === redirectToPort))
    throw annotationError(
      builder.saidBy("redirectToPort"),
      "a port of HTTPS of alb.ingress.kubernetes.io/listen-ports",
      String(redirectToPort),
    );
  return redirectToPort;
}

const HEALTH_FIELDS = [
  "protocol",
  "port",
  "path",
  "intervalSeconds",
  "timeoutSeconds",
  "healthyThreshold",
  "unhealthyThreshold",
  "matcher",
] as const;

function healthCheckOf(builder: SaidBuilder, type: Type): HealthCheckWishes {
  const { said } = builder;
  if (type === "application" && said.protocol === "TCP")
    throw annotationError(
      builder.saidBy("protocol"),
      "HTTP or HTTPS, by which an application load balancer asks for health",
      said.protocol,
    );
  return Object.fromEntries(HEALTH_FIELDS.flatMap((field) => (said[field] === undefined ? [] : [[field, said[field]]])));
}

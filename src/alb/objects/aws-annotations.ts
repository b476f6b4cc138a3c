import { AppError, isRecord } from "../../kernel/index.ts";
import type { ListenPort } from "../model/claim.ts";
import type { Annotation } from "./annotation.ts";
import { annotationError, cidr, list, map, matching, oneOf, wholeNumber } from "./annotation-values.ts";
import { HEALTH_CHECK_ANNOTATIONS } from "./health-check-annotations.ts";
import { certificateArns, scheme, securityGroups, sslPolicy, webAcl } from "./shared-values.ts";
import { AWS_PREFIX } from "./unheeded.ts";

const GROUP_NAME = /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/;
const LOAD_BALANCER_NAME = /^(?!internal-)[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?$/;
const TAG_KEY = /^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u;
const TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u;

function annotation(name: string, values: string, meaning: string, read: (key: string) => Annotation["read"]): Annotation {
  const key = AWS_PREFIX + name;
  return { key, values, meaning, read: read(key) };
}

/** Those of the AWS Load Balancer Controller. */
export const AWS_ANNOTATIONS: readonly Annotation[] = [
  annotation(
    "load-balancer-name",
    "1 to 32 letters, digits and hyphens",
    "What the load balancer is called in AWS. It is then shared with its group only, or with nobody; its scheme and type cannot be changed under the same name.",
    (key) => (text, into) =>
      into.put("name", matching(key, text, LOAD_BALANCER_NAME, "1 to 32 letters, digits and hyphens, not beginning with internal-"), key),
  ),
  annotation(
    "group.name",
    "1 to 63 lower-case letters, digits, `-` and `.`",
    "Shares one load balancer with all objects of the group, in whatever namespace. Whoever may write annotations may join a group, and with a smaller order decide for it.",
    (key) => (text, into) => into.put("group", matching(key, text, GROUP_NAME, "1 to 63 lower-case letters, digits, - and ."), key),
  ),
  annotation(
    "group.order",
    "-1000 to 1000",
    "Where two of a group ask for different things, the smaller one decides and the other gets an Event; default: 0, then by name.",
    (key) => (text, into) => into.put("order", wholeNumber(key, text, -1000, 1000), key),
  ),
  { key: `${AWS_PREFIX}scheme`, ...scheme(`${AWS_PREFIX}scheme`) },
  annotation(
    "subnets",
    "ids (`subnet-…`) or values of the tag `Name`, with commas between them",
    "Subnets, one in each zone; default: found by tags.",
    (key) => (text, into) => into.put("subnets", list(key, text, 20).toSorted(), key),
  ),
  { key: `${AWS_PREFIX}security-groups`, ...securityGroups(`${AWS_PREFIX}security-groups`) },
  annotation(
    "inbound-cidrs",
    "CIDR blocks with commas between them",
    "Who may come in: the controller makes a security group of its own for it. Not heeded beside `security-groups`.",
    (key) => (text, into) =>
      into.put(
        "inboundCidrs",
        list(key, text, 50)
          .map((item) => cidr(key, item))
          .toSorted(),
        key,
      ),
  ),
  { key: `${AWS_PREFIX}wafv2-acl-arn`, ...webAcl(`${AWS_PREFIX}wafv2-acl-arn`) },
  annotation("waf-acl-id", "`none`", "An id of WAF Classic is refused: use `wafv2-acl-arn`.", (key) => (text) => {
    if (text !== "none")
      throw annotationError(key, "none: WAF Classic has come to its end, use alb.ingress.kubernetes.io/wafv2-acl-arn", text);
  }),
  annotation(
    "listen-ports",
    '`[{"HTTP": 80}, {"HTTPS": 443}]`',
    "Ports of the listeners; of a network load balancer HTTP is TCP and HTTPS is TLS. Default: `--http-port` and, where there are certificates, `--https-port`.",
    (key) => (text, into) => into.put("listenPorts", listenPorts(key, text), key),
  ),
  annotation(
    "ssl-redirect",
    "1 to 65535",
    "HTTP requests are answered 301 to this port, which must be one of HTTPS. Application load balancers only.",
    (key) => (text, into) => into.put("redirectToPort", wholeNumber(key, text, 1, 65_535), key),
  ),
  annotation(
    "certificate-arn",
    "ARNs of ACM or IAM with commas between them",
    "Certificates to use; default: certificates are found by host. Which of them is the default one is decided when the listener is made.",
    (key) => (text, into) => into.put("certificateArns", certificateArns(key, text), key),
  ),
  { key: `${AWS_PREFIX}ssl-policy`, ...sslPolicy(`${AWS_PREFIX}ssl-policy`) },
  annotation(
    "load-balancer-attributes",
    "`key=value` with commas between them",
    "[Attributes](https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html) by their AWS keys, `access_logs.s3.…` among them. `deletion_protection.enabled` is always on: with `true` it is not taken off for a removal either, so that the load balancer stays until somebody switches it off by hand; `false` is not heeded.",
    (key) => (text, into) => into.add("attributes", map(key, text), key),
  ),
  annotation(
    "target-group-attributes",
    "`key=value` with commas between them",
    "[Attributes](https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html) of the target group by their AWS keys, `target_group_health.…` among them.",
    (key) => (text, into) => into.add("targetGroupAttributes", map(key, text), key),
  ),
  annotation("tags", "`key=value` with commas between them", "Tags of all that is made for the load balancer.", (key) => (text, into) => {
    const tags = map(key, text);
    for (const [name, value] of tags) {
      matching(key, name, TAG_KEY, "a key that AWS takes");
      matching(key, value, TAG_VALUE, "a value that AWS takes");
      if (name.startsWith("holdfast.dev/") || name.startsWith("kubernetes.io/"))
        throw annotationError(key, "keys that do not begin with holdfast.dev/ or kubernetes.io/, which say whose a load balancer is", name);
    }
    if (tags.size > 35) throw annotationError(key, "at most 35 tags", String(tags.size));
    into.add("tags", tags, key);
  }),
  annotation(
    "target-type",
    "`instance`, `ip`",
    "How routers are reached is the same for all: `--target-type`. Another value is not heeded, with an Event.",
    (key) =>
      (text, into, { settings }) => {
        if (oneOf(key, text, ["instance", "ip"]) !== settings.targetType)
          into.note(`${key}: ${text} is not heeded: targets are the routers, and this controller reaches them by ${settings.targetType}`);
      },
  ),
  annotation(
    "backend-protocol",
    "`HTTP`, `HTTPS`",
    "How routers are spoken to is the same for all: `--target-https`. Another value is not heeded, with an Event.",
    (key) =>
      (text, into, { settings }) => {
        if (oneOf(key, text, ["HTTP", "HTTPS"]) !== settings.targetProtocol)
          into.note(
            `${key}: ${text} is not heeded: the load balancer speaks ${settings.targetProtocol} to the routers, and they speak to pods`,
          );
      },
  ),
  ...HEALTH_CHECK_ANNOTATIONS,
  ...["auth-type", "jwt-validation", "mutual-authentication"].map((name) =>
    annotation(
      name,
      name === "mutual-authentication" ? "none" : "`none`",
      "Refused: what is guarded must not become open by a move. Use the routers' filters, and take it away.",
      (key) => (text) => {
        if (text === "none" || text === "") return;
        throw new AppError(
          "ALB_ANNOTATION",
          `annotation ${key}: the load balancer authenticates nobody, and without that this would be open: use filters of the routers (oauthOidc…, jwtValidation) and take the annotation away`,
        );
      },
    ),
  ),
];

const LISTENER_PROTOCOLS = ["HTTP", "HTTPS", "TCP", "TLS"] as const;

function listenPorts(key: string, text: string): readonly ListenPort[] {
  const expected = '[{"HTTP": 80}, {"HTTPS": 443}] and its like, 1 to 50 ports, each once';
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw annotationError(key, expected, text);
  }
  if (!Array.isArray(parsed) || parsed.length === 0 || parsed.length > 50) throw annotationError(key, expected, text);
  const ports = parsed.flatMap((item: unknown) => {
    if (!isRecord(item)) throw annotationError(key, expected, text);
    return Object.entries(item).map(([protocol, port]): ListenPort => {
      if (typeof port !== "number" || !Number.isInteger(port) || port < 1 || port > 65_535) throw annotationError(key, expected, text);
      return { protocol: oneOf(key, protocol, LISTENER_PROTOCOLS), port };
    });
  });
  if (ports.length === 0 || new Set(ports.map(({ port }) => port)).size < ports.length) throw annotationError(key, expected, text);
  return ports.toSorted((one, other) => one.port - other.port);
}

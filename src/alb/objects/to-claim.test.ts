import assert from "node:assert/strict";
import { test } from "node:test";

import type { KubeObject } from "../../kube/index.ts";
import type { Claim } from "../model/claim.ts";
import { CLAIM_OPTIONS, ingressOf, routeGroupOf } from "../testing/objects.ts";
import type { ClaimOptions } from "./claim-options.ts";
import { claimsOf } from "./claims.ts";
import { readClaim } from "./to-claim.ts";

const A = "alb.ingress.kubernetes.io/";
const Z = "zalando.org/aws-load-balancer-";
const WEB_ACL = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/main/1234-abcd";
const CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/1234-abcd";

function claim(annotations: Readonly<Record<string, string>>, options: ClaimOptions = CLAIM_OPTIONS): Claim {
  const read = readClaim(ingressOf("web", { annotations }), options).claim;
  assert.ok(read !== undefined);
  return read;
}

const notes = (annotations: Readonly<Record<string, string>>): readonly string[] =>
  readClaim(ingressOf("web", { annotations }), CLAIM_OPTIONS).notes.map(({ message }) => message);

const refuses = (annotations: Readonly<Record<string, string>>, message: RegExp): void =>
  assert.throws(() => claim(annotations), { code: "ALB_ANNOTATION", message });

test("An Ingress without annotations asks for what the controller has by default, shared with all", () => {
  assert.deepEqual(claim({}), {
    owner: { kind: "Ingress", namespace: "default", name: "web", uid: "uid-web" },
    hosts: ["web.example.org"],
    sharing: { by: "all" },
    order: 0,
    kind: { type: "application", scheme: "internet-facing", targetType: "instance" },
    saidKind: [],
    wishes: {},
    certificateArns: [],
    statusHosts: [],
  });
});

test("Hosts are those of rules and of spec.tls, in lower case, each once", () => {
  const ingress = ingressOf("web", { hosts: ["B.example.org", "a.example.org"], tls: [["a.example.org", "c.example.org"]] });
  assert.deepEqual(readClaim(ingress, CLAIM_OPTIONS).claim?.hosts, ["a.example.org", "b.example.org", "c.example.org"]);
  assert.deepEqual(readClaim(routeGroupOf("api", { hosts: ["z.example.org"] }), CLAIM_OPTIONS).claim?.hosts, ["z.example.org"]);
});

test("Hosts inside the cluster need no load balancer, and an object that has no others asks for none", () => {
  const options = { ...CLAIM_OPTIONS, clusterLocalDomain: "cluster.local" };
  const mixed = ingressOf("web", { hosts: ["web.shop.cluster.local", "web.example.org"] });
  assert.deepEqual(readClaim(mixed, options).claim?.hosts, ["web.example.org"]);
  assert.equal(readClaim(ingressOf("web", { hosts: ["web.shop.cluster.local"] }), options).claim, undefined);
  assert.deepEqual(readClaim(ingressOf("web", { hosts: [] }), options).claim?.hosts, []);
});

test("The hosts in the status are read where each kind has them, in lower case", () => {
  const status = ["HF-1.elb.example", "hf-0.elb.example"];
  assert.deepEqual(readClaim(ingressOf("web", { status }), CLAIM_OPTIONS).claim?.statusHosts, ["hf-0.elb.example", "hf-1.elb.example"]);
  assert.deepEqual(readClaim(routeGroupOf("api", { status }), CLAIM_OPTIONS).claim?.statusHosts, ["hf-0.elb.example", "hf-1.elb.example"]);
});

test("The annotations of kube-ingress-aws-controller say what they say there", () => {
  const said = claim({
    [`${Z}scheme`]: "internal",
    [`${Z}shared`]: "false",
    [`${Z}ssl-cert`]: CERTIFICATE,
    [`${Z}ssl-policy`]: "ELBSecurityPolicy-TLS13-1-2-2021-06",
    [`${Z}security-group`]: "sg-1",
    [`${Z}http2`]: "false",
    [`${Z}type`]: "alb",
    "zalando.org/aws-waf-web-acl-id": WEB_ACL,
    [`${A}ip-address-type`]: "dualstack",
  });
  assert.deepEqual(said.sharing, { by: "nobody", owner: "Ingress default/web" });
  assert.deepEqual(said.kind, { type: "application", scheme: "internal", targetType: "instance" });
  assert.deepEqual(said.saidKind, ["type", "scheme"]);
  assert.deepEqual(said.certificateArns, [CERTIFICATE]);
  assert.deepEqual(said.wishes, {
    ipAddressType: "dualstack",
    securityGroups: ["sg-1"],
    sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
    webAcl: WEB_ACL,
    attributes: new Map([["routing.http2.enabled", "false"]]),
  });
});

test("The annotations of the AWS Load Balancer Controller say what they say there", () => {
  const said = claim({
    [`${A}load-balancer-name`]: "front",
    [`${A}group.name`]: "shop",
    [`${A}group.order`]: "-3",
    [`${A}scheme`]: "internal",
    [`${A}subnets`]: "subnet-b, subnet-a",
    [`${A}inbound-cidrs`]: "10.0.0.0/8,2001:DB8::/32",
    [`${A}wafv2-acl-arn`]: "none",
    [`${A}listen-ports`]: '[{"HTTPS": 443}, {"HTTP": 80}]',
    [`${A}ssl-redirect`]: "443",
    [`${A}certificate-arn`]: `${CERTIFICATE}, ${CERTIFICATE}5`,
    [`${A}load-balancer-attributes`]: "idle_timeout.timeout_seconds=120,access_logs.s3.enabled=true,access_logs.s3.bucket=logs",
    [`${A}target-group-attributes`]: "target_group_health.dns_failover.minimum_healthy_targets.count=2",
    [`${A}tags`]: "team=shop, cost-centre=1",
    [`${A}healthcheck-path`]: "/healthz",
    [`${A}healthcheck-port`]: "traffic-port",
    [`${A}healthcheck-interval-seconds`]: "15",
    [`${A}healthy-threshold-count`]: "2",
    [`${A}success-codes`]: "200-299",
  });
  assert.deepEqual(said.sharing, { by: "group", group: "shop" });
  assert.equal(said.order, -3);
  assert.deepEqual(said.certificateArns, [CERTIFICATE, `${CERTIFICATE}5`]);
  assert.deepEqual(said.wishes, {
    name: "front",
    subnets: ["subnet-a", "subnet-b"],
    inboundCidrs: ["10.0.0.0/8", "2001:db8::/32"],
    webAcl: "none",
    listenPorts: [
      { protocol: "HTTP", port: 80 },
      { protocol: "HTTPS", port: 443 },
    ],
    redirectToPort: 443,
    attributes: new Map([
      ["idle_timeout.timeout_seconds", "120"],
      ["access_logs.s3.enabled", "true"],
      ["access_logs.s3.bucket", "logs"],
    ]),
    targetGroupAttributes: new Map([["target_group_health.dns_failover.minimum_healthy_targets.count", "2"]]),
    tags: new Map([
      ["team", "shop"],
      ["cost-centre", "1"],
    ]),
    healthCheck: { path: "/healthz", port: "traffic-port", intervalSeconds: 15, healthyThreshold: 2, matcher: "200-299" },
  });
});

test("A name of its own is shared with nobody outside its group", () => {
  assert.deepEqual(claim({ [`${A}load-balancer-name`]: "front" }).sharing, { by: "nobody", owner: "Ingress default/web" });
});

test("A value that cannot be used is refused with what it should be", () => {
  refuses({ [`${Z}scheme`]: "public" }, /aws-load-balancer-scheme: expected internet-facing or internal, got "public"/);
  refuses({ [`${Z}ssl-policy`]: "ELBSecurityPolicy-Best" }, /expected a security policy of AWS/);
  refuses({ [`${Z}ssl-cert`]: "1234-abcd" }, /expected the ARN of a certificate/);
  refuses({ [`${Z}shared`]: "no" }, /expected true or false/);
  refuses({ [`${A}waf-acl-id`]: "1234" }, /WAF Classic has come to its end/);
  refuses({ "zalando.org/aws-waf-web-acl-id": "c1b2-1234" }, /WAF Classic has come to its end/);
  refuses({ [`${A}listen-ports`]: "[80]" }, /expected \[\{"HTTP": 80\}/);
  refuses({ [`${A}listen-ports`]: '[{"HTTP": 80}, {"HTTPS": 80}]' }, /each once/);
  refuses({ [`${A}listen-ports`]: '[{"UDP": 53}]' }, /expected HTTP, HTTPS, TCP or TLS/);
  refuses({ [`${A}inbound-cidrs`]: "10.0.0.0" }, /expected a CIDR block/);
  refuses({ [`${A}load-balancer-attributes`]: "idle_timeout=60" }, /expected an attribute of AWS/);
  refuses({ [`${A}load-balancer-attributes`]: "idle_timeout.timeout_seconds=0" }, /from 1 to 4000/);
  refuses({ [`${A}load-balancer-attributes`]: "access_logs.s3.enabled=true" }, /access_logs\.s3\.bucket=NAME/);
  refuses({ [`${A}tags`]: "holdfast.dev/cluster=other" }, /say whose a load balancer is/);
  refuses({ [`${A}tags`]: "a" }, /key=value/);
  refuses({ [`${A}group.order`]: "1001" }, /from -1000 to 1000/);
  refuses({ [`${A}load-balancer-name`]: "internal-front" }, /not beginning with internal-/);
  refuses({ [`${A}healthcheck-port`]: "http" }, /whole number from 1 to 65535/);
});

test("Annotations that contradict each other are refused, and those that agree are not", () => {
  refuses(
    { [`${Z}scheme`]: "internal", [`${A}scheme`]: "internet-facing" },
    /annotations alb\.ingress\S+ and zalando\S+ contradict each other/,
  );
  assert.equal(claim({ [`${Z}scheme`]: "internal", [`${A}scheme`]: "internal" }).kind.scheme, "internal");
  refuses({ [`${Z}shared`]: "false", [`${A}group.name`]: "g" }, /with its group, or with nobody/);
  refuses({ [`${Z}http2`]: "true", [`${A}load-balancer-attributes`]: "routing.http2.enabled=false" }, /contradict/);
  refuses({ [`${A}ssl-redirect`]: "443", [`${A}listen-ports`]: '[{"HTTP": 80}, {"HTTPS": 8443}]' }, /expected a port of HTTPS/);
});

test("A web ACL or the scheme internal makes the load balancer one of type application, unless the object itself says nlb", () => {
  const options: ClaimOptions = { ...CLAIM_OPTIONS, settings: { ...CLAIM_OPTIONS.settings, type: "network" } };
  assert.equal(claim({}, options).kind.type, "network");
  assert.equal(claim({ "zalando.org/aws-waf-web-acl-id": WEB_ACL }, options).kind.type, "application");
  assert.equal(claim({ [`${Z}scheme`]: "internal" }, options).kind.type, "application");
  assert.equal(claim({ [`${Z}scheme`]: "internal", [`${Z}type`]: "nlb" }, options).kind.type, "network");
  assert.equal(claim({ [`${Z}scheme`]: "internet-facing" }, options).kind.type, "network");
  assert.equal(claim({ [`${Z}type`]: "nlb", [`${Z}security-group`]: "sg-1" }).kind.type, "network");
  refuses({ [`${Z}type`]: "nlb", "zalando.org/aws-waf-web-acl-id": WEB_ACL }, /network load balancers have no web ACL/);
});

test("The listeners of a network load balancer are TCP and TLS, and what it does not have is refused", () => {
  const said = claim({ [`${Z}type`]: "nlb", [`${A}listen-ports`]: '[{"HTTP": 80}, {"HTTPS": 443}]' });
  assert.deepEqual(
    said.wishes.listenPorts?.map(({ protocol }) => protocol),
    ["TCP", "TLS"],
  );
  refuses(
    { [`${Z}type`]: "nlb", [`${A}load-balancer-attributes`]: "routing.http2.enabled=true" },
    /an attribute of network load balancers/,
  );
  refuses({ [`${A}listen-ports`]: '[{"TCP": 80}]' }, /protocols of an application load balancer/);
});

test("What is guarded by the load balancer elsewhere is not served unguarded", () => {
  refuses({ [`${A}auth-type`]: "oidc" }, /without that this would be open/);
  assert.equal(claim({ [`${A}auth-type`]: "none" }).order, 0);
});

test("What is not heeded is told, and changes nothing for the rest", () => {
  assert.deepEqual(notes({ [`${A}actions.redirect`]: "{}", [`${A}conditions.x`]: "[]", [`${A}scheme`]: "internal" }), [
    `not heeded: ${A}actions.redirect, ${A}conditions.x (docs/reference/alb-annotations.md says what to use in their place)`,
  ]);
  assert.match(notes({ [`${A}shceme`]: "internal" }).join(), /unknown, so not heeded: \S+shceme; look for a typing error/);
  assert.match(notes({ [`${A}target-type`]: "ip" }).join(), /reaches them by instance/);
  assert.match(notes({ [`${A}load-balancer-attributes`]: "deletion_protection.enabled=false" }).join(), /not heeded: protection/);
  assert.match(notes({ [`${A}inbound-cidrs`]: "10.0.0.0/8", [`${A}security-groups`]: "sg-1" }).join(), /not heeded beside/);
  assert.deepEqual(notes({ "zalando.org/skipper-filter": "x", "example.org/other": "y" }), []);
});

test("Which classes are served is as --ingress-class-filter says, an empty item being no class", () => {
  const named = (name: string, className: string | undefined): KubeObject => ingressOf(name, className === undefined ? {} : { className });
  const objects = [named("none", undefined), named("ours", "holdfast"), named("other", "nginx"), named("public", "public")];
  const served = (classes: readonly string[] | undefined, controller = "holdfast.dev/router"): readonly string[] =>
    claimsOf(
      {
        ingresses: new Map(objects.map((object) => [object.metadata.name, object])),
        routeGroups: new Map(),
        ingressClasses: new Map([
          [
            "public",
            { apiVersion: "networking.k8s.io/v1", kind: "IngressClass", metadata: { name: "public" }, spec: { controller } } as KubeObject,
          ],
        ]),
      },
      { ...CLAIM_OPTIONS, classes },
    ).claims.map(({ owner }) => owner.name);
  assert.deepEqual(served(undefined), ["none", "ours", "public"]);
  assert.deepEqual(served(undefined, "k8s.io/ingress-nginx"), ["none", "ours"]);
  assert.deepEqual(served(["nginx", ""], "other"), ["none", "other"]);
  assert.deepEqual(served(["nginx"], "other"), ["other"]);
});

test("One object that cannot be read costs the others nothing", () => {
  const ingresses = new Map([
    ["default/bad", ingressOf("bad", { annotations: { [`${Z}scheme`]: "?" } })],
    ["default/good", ingressOf("good")],
  ]);
  const { claims, problems } = claimsOf({ ingresses, routeGroups: new Map(), ingressClasses: new Map() }, CLAIM_OPTIONS);
  assert.deepEqual(
    claims.map(({ owner }) => owner.name),
    ["good"],
  );
  assert.deepEqual(
    problems.map(({ owner, reason }) => [owner, reason]),
    [["Ingress default/bad", "Invalid"]],
  );
});

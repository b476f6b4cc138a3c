import type { Annotation } from "./annotation.ts";
import { annotationError, oneOf, trueOrFalse } from "./annotation-values.ts";
import { certificateArns, ipAddressType, scheme, securityGroups, sslPolicy, webAcl } from "./shared-values.ts";

/** Those of kube-ingress-aws-controller. */
export const ZALANDO_ANNOTATIONS: readonly Annotation[] = [
  {
    key: "zalando.org/aws-load-balancer-type",
    values: "`alb`, `nlb`",
    meaning: "Type of the load balancer; default: `--load-balancer-type`, and `alb` where a web ACL or the scheme `internal` is asked for.",
    read: (text, into) =>
      into.put(
        "type",
        oneOf("zalando.org/aws-load-balancer-type", text, ["alb", "nlb"]) === "alb" ? "application" : "network",
        "zalando.org/aws-load-balancer-type",
      ),
  },
  { key: "zalando.org/aws-load-balancer-scheme", ...scheme("zalando.org/aws-load-balancer-scheme") },
  {
    key: "zalando.org/aws-load-balancer-shared",
    values: "`true`, `false`",
    meaning: "`false`: a load balancer of its own; default: shared with all that ask for the same.",
    read: (text, into) =>
      into.put("isShared", trueOrFalse("zalando.org/aws-load-balancer-shared", text), "zalando.org/aws-load-balancer-shared"),
  },
  {
    key: "zalando.org/aws-load-balancer-ssl-cert",
    values: "an ARN of ACM or IAM",
    meaning: "The certificate to use; default: certificates are found by host.",
    read(text, into) {
      const key = "zalando.org/aws-load-balancer-ssl-cert";
      if (text.includes(",")) throw annotationError(key, "one ARN; alb.ingress.kubernetes.io/certificate-arn takes several", text);
      into.put("certificateArns", certificateArns(key, text), key);
    },
  },
  { key: "zalando.org/aws-load-balancer-ssl-policy", ...sslPolicy("zalando.org/aws-load-balancer-ssl-policy") },
  { key: "zalando.org/aws-load-balancer-security-group", ...securityGroups("zalando.org/aws-load-balancer-security-group") },
  {
    key: "zalando.org/aws-load-balancer-http2",
    values: "`true`, `false`",
    meaning: "Whether HTTP/2 is offered (`routing.http2.enabled`).",
    read(text, into) {
      const key = "zalando.org/aws-load-balancer-http2";
      into.add("attributes", new Map([["routing.http2.enabled", String(trueOrFalse(key, text))]]), key);
    },
  },
  { key: "zalando.org/aws-waf-web-acl-id", ...webAcl("zalando.org/aws-waf-web-acl-id") },
  { key: "alb.ingress.kubernetes.io/ip-address-type", ...ipAddressType("alb.ingress.kubernetes.io/ip-address-type") },
];

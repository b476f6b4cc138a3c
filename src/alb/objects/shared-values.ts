import type { Annotation } from "./annotation.ts";
import { annotationError, list, matching, oneOf } from "./annotation-values.ts";
import { SSL_POLICIES } from "./ssl-policies.ts";

type Reading = Omit<Annotation, "key">;

/** An account's own, of ACM or IAM, in any partition. */
const CERTIFICATE_ARN = /^arn:aws[a-z-]*:(?:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+|iam::\d{12}:server-certificate\/[\w+=,.@/-]+)$/;
const WEB_ACL_ARN = /^arn:aws[a-z-]*:wafv2:[a-z0-9-]+:\d{12}:regional\/webacl\/[\w-]+\/[\w-]+$/;

export function scheme(key: string): Reading {
  return {
    values: "`internet-facing`, `internal`",
    meaning: "From where it is reached; default: `--scheme` (`internet-facing`, as with kube-ingress-aws-controller).",
    read: (text, into) => into.put("scheme", oneOf(key, text, ["internet-facing", "internal"]), key),
  };
}

export function ipAddressType(key: string): Reading {
  return {
    values: "`ipv4`, `dualstack`",
    meaning: "Whether clients may come by IPv6 too; default: `--ip-addr-type`.",
    read: (text, into) => into.put("ipAddressType", oneOf(key, text, ["ipv4", "dualstack"]), key),
  };
}

export function sslPolicy(key: string): Reading {
  return {
    values:
      "a [predefined security policy](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html)",
    meaning: "TLS versions and ciphers; default: `--ssl-policy`. A name that AWS does not list is refused.",
    read(text, into) {
      if (!SSL_POLICIES.has(text)) throw annotationError(key, "a security policy of AWS, as in ELBSecurityPolicy-TLS13-1-2-2021-06", text);
      into.put("sslPolicy", text, key);
    },
  };
}

export function securityGroups(key: string): Reading {
  return {
    values: "1 to 5 ids (`sg-…`) or values of the tag `Name`, with commas between them",
    meaning: "Security groups in place of the controller's; default: `--security-groups`. They must let the load balancer's clients in.",
    read: (text, into) => into.put("securityGroups", list(key, text, 5).toSorted(), key),
  };
}

export function webAcl(key: string): Reading {
  return {
    values: "an ARN of WAFv2, or `none`",
    meaning: "The web ACL; `none` takes it away. Application load balancers only. An id of WAF Classic is refused.",
    read(text, into) {
      const expected = "the ARN of a web ACL of WAFv2 (arn:aws:wafv2:…:regional/webacl/NAME/ID) or none; WAF Classic has come to its end";
      into.put("webAcl", text === "none" ? text : matching(key, text, WEB_ACL_ARN, expected), key);
    },
  };
}

/** ARNs between commas. */
export function certificateArns(key: string, text: string): readonly string[] {
  const arns = list(key, text, 25);
  for (const arn of arns) matching(key, arn, CERTIFICATE_ARN, "the ARN of a certificate of ACM or IAM");
  return arns;
}

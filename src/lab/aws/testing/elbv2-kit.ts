import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { issueCertificate, newKeyPair } from "../../../x509/index.ts";
import type { TestAccount } from "./test-account.ts";
import { at, textAt } from "./xml.ts";

const SUBNETS = ["subnet-a", "subnet-b", "subnet-c"];

/** Makes a load balancer and answers its ARN. */
export async function balancer(
  account: Pick<TestAccount, "call">,
  name: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const { body, text } = await account.call("elasticloadbalancing", "CreateLoadBalancer", { Name: name, Subnets: SUBNETS, ...more });
  return arnIn(at(body, "CreateLoadBalancerResult", "LoadBalancers", 0, "LoadBalancerArn"), text);
}

/** Makes a target group of HTTP on port 9999 and answers its ARN. */
export async function targetGroup(
  account: Pick<TestAccount, "call">,
  name: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const asked = { Name: name, Protocol: "HTTP", Port: 9999, VpcId: "vpc-1", TargetType: "ip", ...more };
  const { body, text } = await account.call("elasticloadbalancing", "CreateTargetGroup", asked);
  return arnIn(at(body, "CreateTargetGroupResult", "TargetGroups", 0, "TargetGroupArn"), text);
}

/** Makes a listener of HTTP on port 80 that forwards to a group, and answers its ARN. */
export async function listener(
  account: Pick<TestAccount, "call">,
  loadBalancerArn: string,
  targetGroupArn: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const asked = { LoadBalancerArn: loadBalancerArn, Protocol: "HTTP", Port: 80, DefaultActions: [forward(targetGroupArn)], ...more };
  const { body, text } = await account.call("elasticloadbalancing", "CreateListener", asked);
  return arnIn(at(body, "CreateListenerResult", "Listeners", 0, "ListenerArn"), text);
}

export function forward(targetGroupArn: string): Readonly<Record<string, unknown>> {
  return { Type: "forward", TargetGroupArn: targetGroupArn };
}

/** A certificate for hosts that is valid from an hour ago for some days, and its key; PEM. */
export function issued(
  nowMs: number,
  hosts: readonly string[],
  { days = 90, rsaBits }: { readonly days?: number; readonly rsaBits?: number } = {},
): { readonly certificate: string; readonly key: string } {
  const { publicKey, privateKey } = rsaBits === undefined ? newKeyPair() : generateKeyPairSync("rsa", { modulusLength: rsaBits });
  const validUntilMs = nowMs + days * 24 * 3_600_000;
  const certificate = issueCertificate({
    subject: hosts[0] ?? "",
    publicKey,
    issuer: "an authority",
    signingKey: newKeyPair().privateKey,
    alternativeNames: hosts,
    validFromMs: nowMs - 3_600_000,
    validUntilMs,
  });
  return { certificate, key: privateKey.export({ type: "pkcs8", format: "pem" }) };
}

export function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

/** Imports a certificate for hosts into ACM and answers its ARN. */
export async function certificate(account: TestAccount, ...hosts: readonly string[]): Promise<string> {
  const { certificate: pem, key } = issued(account.clock.wallMs(), hosts);
  const asked = { Certificate: base64(pem), PrivateKey: base64(key) };
  const { body, text } = await account.call("acm", "ImportCertificate", asked);
  return arnIn(at(body, "CertificateArn"), text);
}

/** What DescribeTargetHealth says of each target: `ID:PORT STATE REASON`. */
export async function healthOf(
  account: Pick<TestAccount, "call">,
  targetGroupArn: string,
  targets?: readonly unknown[],
): Promise<readonly string[]> {
  const asked = { TargetGroupArn: targetGroupArn, ...(targets === undefined ? {} : { Targets: targets }) };
  const { body, text } = await account.call("elasticloadbalancing", "DescribeTargetHealth", asked);
  const found = at(body, "DescribeTargetHealthResult", "TargetHealthDescriptions");
  assert.ok(found !== undefined, text);
  return (found === "" ? [] : (found as readonly unknown[])).map((one) => {
    return `${textAt(one, "Target", "Id")}:${textAt(one, "Target", "Port")} ${textAt(one, "TargetHealth", "State")} ${textAt(one, "TargetHealth", "Reason")}`.trim();
  });
}

function arnIn(found: unknown, text: string): string {
  assert.equal(typeof found, "string", text);
  return String(found);
}

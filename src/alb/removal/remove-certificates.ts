import { assertOurs } from "../apply/read-back.ts";
import { listenerSettings } from "../apply/listener-settings.ts";
import { type RemoveStep, removedKeys } from "../plan/step.ts";
import { whyCertificateStays } from "./certificate-proof.ts";
import { DONE, type RemovalContext, type RemovalOutcome, waits } from "./removal-context.ts";

type StepOf<Type extends RemoveStep["type"]> = Extract<RemoveStep, { readonly type: Type }>;

/** Takes certificates off a listener, each only while what stays serves all hosts that it may serve. */
export async function removeCertificates(
  { name, port, arns }: StepOf<"remove-certificates">,
  context: RemovalContext,
): Promise<RemovalOutcome> {
  const { aws, calls } = context;
  const listenerArn = context.resources.needListener(port);
  const there = await provedCertificates(listenerArn, context);
  const going = arns.filter((arn) => there.slice(1).includes(arn));
  const staying = there.filter((arn) => !going.includes(arn));
  const doubts: string[] = arns.includes(there[0] ?? "") ? [`${there[0] ?? ""} is the default one now`] : [];
  const allowed: string[] = [];
  for (const arn of going) {
    const why = await whyStays(name, port, arn, staying, context);
    if (why === undefined) allowed.push(arn);
    else {
      doubts.push(why);
      // It serves on, so that it counts for those that are looked at after it.
      staying.push(arn);
    }
  }
  if (allowed.length > 0)
    await calls.write("elasticloadbalancing:RemoveListenerCertificates", () => aws.elb.removeCertificates(listenerArn, allowed));
  return doubts.length === 0 ? DONE : waits(doubts.join("; "));
}

/** Makes another certificate of the listener its default one, which takes the old one off. */
export async function replaceDefaultCertificate(
  { name, port, arn, by }: StepOf<"replace-default-certificate">,
  context: RemovalContext,
): Promise<RemovalOutcome> {
  const { aws, calls, resources, knowledge } = context;
  const listenerArn = resources.needListener(port);
  const there = await provedCertificates(listenerArn, context);
  if (there[0] !== arn) return DONE;
  if (!there.includes(by)) return waits(`${by}, which should become the default one, is not on the listener yet`);
  const listener = knowledge.resolved.get(name)?.listeners.find((one) => one.port === port);
  if (listener === undefined) return waits("how its listener should be is not known now");
  const why = await whyStays(name, port, arn, there.slice(1), context);
  if (why !== undefined) return waits(why);
  const settings = listenerSettings(listener, by, () => resources.needTargetGroup());
  await calls.write("elasticloadbalancing:ModifyListener", () => aws.elb.modifyListener(listenerArn, settings));
  return DONE;
}

async function whyStays(
  name: string,
  port: number,
  arn: string,
  staying: readonly string[],
  { certificateNow, knowledge, isApproved, clock, unlistedOwners }: RemovalContext,
): Promise<string | undefined> {
  if (staying.length === 0) return `${arn} is the last one of its listener`;
  if (isApproved(removedKeys({ effect: "remove", type: "remove-certificates", name, port, arns: [arn] })[0] ?? "")) return undefined;
  const hosts = knowledge.hosts.get(name);
  if (hosts === undefined) return "whom the load balancer serves is not known now";
  const now = await certificateNow(arn);
  const whyFor = (served: readonly string[]): string | undefined =>
    whyCertificateStays({ arn, now, hosts: served, staying, usable: knowledge.certificates }, clock.wallMs());
  const why = whyFor(hosts);
  if (why !== undefined) return why;
  for (const owner of await unlistedOwners()) {
    const need = whyFor(owner.hosts);
    if (need !== undefined) return `${need}, of ${owner.key}, which is there although the lists lack it`;
  }
  return undefined;
}

/** The certificates of a listener of ours as they are now, the default one first. */
async function provedCertificates(listenerArn: string, { aws, calls, ownership, resources }: RemovalContext): Promise<readonly string[]> {
  const tags = await calls.read("elasticloadbalancing:DescribeTags", () => aws.elb.tags([listenerArn]));
  assertOurs(`listener ${listenerArn}`, tags.get(listenerArn) ?? new Map(), ownership, resources.name);
  return calls.read("elasticloadbalancing:DescribeListenerCertificates", () => aws.elb.certificates(listenerArn));
}

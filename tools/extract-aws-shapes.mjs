// Makes src/lab/aws/shapes/*.jsonl: what requests and answers of AWS look like, of the actions that the lab's AWS knows, from the service
// models that botocore publishes (PyPI; Apache-2.0). Descriptions are left out.
// Usage: bin/node tools/extract-aws-shapes.mjs FOLDER   (an unpacked wheel of botocore)
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("say where an unpacked wheel of botocore is: pip download botocore, then python3 -m zipfile -e");
const version = /__version__ = '([^']+)'/.exec(readFileSync(join(folder, "botocore/__init__.py"), "utf8"))?.[1];

const ACTIONS = {
  elbv2:
    "DescribeLoadBalancers DescribeTargetGroups DescribeListeners DescribeRules DescribeListenerCertificates DescribeTags DescribeTargetHealth DescribeLoadBalancerAttributes DescribeTargetGroupAttributes DescribeListenerAttributes DescribeSSLPolicies DescribeAccountLimits CreateLoadBalancer CreateTargetGroup CreateListener CreateRule ModifyListener ModifyRule ModifyTargetGroup ModifyLoadBalancerAttributes ModifyTargetGroupAttributes ModifyListenerAttributes AddListenerCertificates RemoveListenerCertificates SetSecurityGroups SetSubnets SetIpAddressType SetRulePriorities AddTags RemoveTags RegisterTargets DeregisterTargets DeleteListener DeleteRule DeleteTargetGroup DeleteLoadBalancer",
  autoscaling:
    "DescribeAutoScalingGroups DescribeAutoScalingInstances DescribeLoadBalancerTargetGroups AttachLoadBalancerTargetGroups DetachLoadBalancerTargetGroups DescribeTrafficSources AttachTrafficSources DetachTrafficSources TerminateInstanceInAutoScalingGroup SetDesiredCapacity UpdateAutoScalingGroup SuspendProcesses ResumeProcesses DescribeScalingActivities SetInstanceHealth",
  ec2: "DescribeSubnets DescribeRouteTables DescribeSecurityGroups DescribeInstances DescribeInstanceStatus DescribeVpcs DescribeAvailabilityZones TerminateInstances StopInstances StartInstances RebootInstances CreateTags DeleteTags DescribeTags CreateSecurityGroup DeleteSecurityGroup AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress",
  acm: "ListCertificates DescribeCertificate ListTagsForCertificate RequestCertificate ImportCertificate DeleteCertificate AddTagsToCertificate",
  iam: "ListServerCertificates GetServerCertificate ListServerCertificateTags UploadServerCertificate DeleteServerCertificate",
  sts: "GetCallerIdentity AssumeRole AssumeRoleWithWebIdentity",
  cloudwatch: "GetMetricData",
  wafv2: "GetWebACL GetWebACLForResource AssociateWebACL DisassociateWebACL",
};
const KEPT = "type members member key value required min max pattern enum locationName queryName flattened timestampFormat error".split(
  " ",
);

for (const [service, actions] of Object.entries(ACTIONS)) {
  const dated = readdirSync(join(folder, "botocore/data", service))
    .toSorted()
    .at(-1);
  const model = JSON.parse(gunzipSync(readFileSync(join(folder, "botocore/data", service, dated, "service-2.json.gz"))));
  const shapes = new Map();
  const operations = actions.split(" ").map((name) => {
    const { input, output, errors = [] } = model.operations[name];
    for (const { shape } of [input, output, ...errors].filter(Boolean)) take(shape, model.shapes, shapes);
    const wrapper = output?.resultWrapper === undefined ? {} : { wrapper: output.resultWrapper };
    return [name, { input: input?.shape, output: output?.shape, ...wrapper, errors: errors.map(({ shape }) => shape) }];
  });
  const { apiVersion, endpointPrefix, signingName, targetPrefix, xmlNamespace, protocols, jsonVersion } = model.metadata;
  const head = { from: `botocore ${version}, ${service} ${dated} (Apache-2.0), by tools/extract-aws-shapes.mjs` };
  const metadata = { apiVersion, signingName: signingName ?? endpointPrefix, targetPrefix, xmlNamespace, protocols, jsonVersion };
  const rows = [
    ["metadata", metadata],
    ["operations", Object.fromEntries(operations)],
    ...[...shapes].toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ];
  writeFileSync(`src/lab/aws/shapes/${service}.jsonl`, [head, ...rows].map((row) => `${JSON.stringify(row)}\n`).join(""));
}

function take(name, all, taken) {
  if (taken.has(name)) return;
  const shape = all[name];
  const kept = Object.fromEntries(KEPT.filter((field) => shape[field] !== undefined).map((field) => [field, shape[field]]));
  taken.set(name, kept);
  const reduced = ({ shape, locationName, queryName, flattened }) => ({ shape, locationName, queryName, flattened });
  if (kept.members) kept.members = Object.fromEntries(Object.entries(kept.members).map(([field, member]) => [field, reduced(member)]));
  for (const field of ["member", "key", "value"]) if (kept[field]) kept[field] = reduced(kept[field]);
  for (const { shape: below } of [...Object.values(kept.members ?? {}), kept.member, kept.key, kept.value].filter(Boolean))
    take(below, all, taken);
}

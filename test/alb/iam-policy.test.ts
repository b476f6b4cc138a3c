import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { test } from "node:test";

const root = new URL("../../", import.meta.url).pathname;
const VERB =
  "Describe|List|Get|Create|Modify|Delete|Add|Remove|Register|Deregister|Set|Authorize|Revoke|Attach|Detach|Associate|Disassociate|Assume";

interface Statement {
  readonly Sid: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** What AWS asks for besides the action that is called (service authorization reference). */
const DEPENDENT = [
  // For wafv2:AssociateWebACL and DisassociateWebACL of a load balancer.
  "elasticloadbalancing:SetWebACL",
  // For wafv2:GetWebACLForResource.
  "wafv2:GetWebACL",
  // For the first load balancer of an account.
  "iam:CreateServiceLinkedRole",
];

/** Every action that the client can call, as IAM names it: the names stand in its source as texts, a folder for each service. */
function called(): Set<string> {
  const actions = new Set(["sts:GetCallerIdentity"]);
  for (const file of globSync("src/aws/*/*.ts", { cwd: root, exclude: ["**/*.test.ts", "**/testing/**"] })) {
    const folder = basename(dirname(file));
    const service = folder === "elb" ? "elasticloadbalancing" : folder;
    for (const [, action = ""] of readFileSync(`${root}${file}`, "utf8").matchAll(new RegExp(`"((?:${VERB})[A-Z][A-Za-z0-9]+)"`, "g")))
      actions.add(`${service}:${action}`);
  }
  return actions;
}

function statements(file: string): readonly Statement[] {
  return (JSON.parse(readFileSync(`${root}${file}`, "utf8")) as { readonly Statement: readonly Statement[] }).Statement;
}

const actionsOf = ({ Action }: Statement): readonly string[] => [Action].flat();
const adds = statements("deploy/iam/alb.json");
const removes = statements("deploy/iam/alb-removals.json");

test("the policies allow every action that the client can call, and nothing else", () => {
  const allowed = new Set([...adds, ...removes].flatMap(actionsOf));
  const wanted = new Set([...called(), ...DEPENDENT]);
  assert.deepEqual(
    [...wanted].filter((action) => !allowed.has(action)),
    [],
    "called and not allowed",
  );
  assert.deepEqual(
    [...allowed].filter((action) => !wanted.has(action)),
    [],
    "allowed and never called",
  );
  assert.ok(wanted.size > 50, `${wanted.size} actions were found: the search is blind`);
});

test("what takes away stands in the policy for removals alone, and only for what has the cluster's tag", () => {
  const takesAway = /:(Delete|Deregister|Detach|Revoke|Disassociate|Remove)/;
  assert.deepEqual(
    adds.flatMap(actionsOf).filter((action) => takesAway.test(action)),
    [],
  );
  for (const statement of removes) {
    // WAF knows no tags of load balancers; elasticloadbalancing:SetWebACL, which it asks for too, does.
    if (actionsOf(statement).every((action) => action.startsWith("wafv2:"))) continue;
    assert.match(JSON.stringify(statement.Condition ?? {}), /aws:ResourceTag\/(holdfast\.dev|kubernetes\.io)\/cluster/, statement.Sid);
  }
});

test("what makes or changes something does so with the cluster's tag on it", () => {
  const reads = /:(Describe|List|Get)/;
  const without = adds
    .filter((statement) => actionsOf(statement).some((action) => !reads.test(action)))
    .filter(
      (statement) => !/(Request|Resource)Tag\/(holdfast\.dev|kubernetes\.io)\/cluster/.test(JSON.stringify(statement.Condition ?? {})),
    )
    .map(({ Sid }) => Sid);
  // A VPC has no tag of ours, WAF knows none of load balancers, and a role linked to a service is AWS's own.
  assert.deepEqual(without, ["MakeSecurityGroupsInVpcs", "AssociateWebAcls", "FirstLoadBalancerOfTheAccount"]);
});

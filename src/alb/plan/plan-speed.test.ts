import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlacedLoadBalancer } from "../model/desired.ts";
import { layOut } from "../model/layout.ts";
import { LAYOUT_OPTIONS, NOW_MS, certificateOf, claimOf } from "../testing/claims.ts";
import { plan } from "./plan.ts";
import { resolveAll } from "./resolve.ts";
import { SETTINGS, ZONES, network } from "./testing/desired-kit.ts";
import { ModelAccount, fresh } from "./testing/model-account.ts";

const HOSTS = 400;

test("500 Ingresses are planned on 20 load balancers", (t) => {
  const settings = { ...SETTINGS, ...LAYOUT_OPTIONS, mostCertificates: 20 };
  const certificates = Array.from({ length: HOSTS }, (_, at) => certificateOf(`c-${at}`, [`host-${at}.example.org`]));
  const claims = Array.from({ length: 500 }, (_, at) => claimOf(`ingress-${at}`, [`host-${at % HOSTS}.example.org`]));
  const net = fresh(
    network({
      securityGroups: [
        {
          id: "sg-1",
          name: "lb",
          tags: new Map([
            ["kubernetes.io/cluster/shop", "owned"],
            ["kubernetes:application", "main"],
          ]),
        },
      ],
    }),
  );
  const account = new ModelAccount(ZONES, ["nodes"]);
  let placed: readonly PlacedLoadBalancer[] = [];
  const round = () => {
    const startMs = performance.now();
    const layout = layOut(claims, certificates, placed, settings, NOW_MS);
    const resolution = resolveAll(layout.loadBalancers, net, settings);
    const observed = account.observedFor(layout.loadBalancers.map(({ name }) => name));
    const planned = plan(resolution, observed, { by: "auto-scaling-groups", names: fresh(["nodes"]) }, settings);
    return { layout, planned, ms: performance.now() - startMs };
  };
  const first = round();
  assert.equal(first.layout.loadBalancers.length, 20);
  assert.equal(first.layout.placeOf.size, 500);
  placed = first.layout.loadBalancers.map(({ name, kind, certificates: arns }) => ({
    name,
    kind,
    dnsName: `${name}.elb`,
    owners: [],
    certificates: arns,
  }));
  for (let { planned } = first; planned.steps.length > 0; { planned } = round()) account.apply(planned.steps);
  const last = round();
  assert.deepEqual(last.planned.steps, []);
  t.diagnostic(`laid out, resolved and planned in ${first.ms.toFixed(0)} ms at first, in ${last.ms.toFixed(0)} ms when all is there`);
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { LAYOUT_OPTIONS, NOW_MS, arnOf, certificateOf, claimOf } from "../testing/claims.ts";
import type { Certificate } from "./certificate-choice.ts";
import type { Claim, Wishes } from "./claim.ts";
import type { Layout, PlacedLoadBalancer } from "./desired.ts";
import { layOut } from "./layout.ts";

function lay(
  claims: readonly Claim[],
  certificates: readonly Certificate[] = [],
  placed: readonly PlacedLoadBalancer[] = [],
  most = 24,
): Layout {
  return layOut(claims, certificates, placed, { ...LAYOUT_OPTIONS, mostCertificates: most }, NOW_MS);
}

/** What a layout leads to once it is all made. */
function made({ loadBalancers }: Layout): readonly PlacedLoadBalancer[] {
  return loadBalancers.map(({ name, kind, certificates }) => ({ name, kind, certificates, dnsName: `${name}.elb.example`, owners: [] }));
}

/** The claims once their statuses are written. */
function told(claims: readonly Claim[], { placeOf }: Layout): readonly Claim[] {
  return claims.map((claim) => ({ ...claim, statusHosts: [`${placeOf.get(`Ingress default/${claim.owner.name}`) ?? ""}.elb.example`] }));
}

const place = (layout: Layout, name: string): string | undefined => layout.placeOf.get(`Ingress default/${name}`);

test("Claims that ask for the same share a load balancer, others get one of their own, with names that AWS takes", () => {
  const layout = lay([
    claimOf("a", ["a.org"]),
    claimOf("b", ["b.org"]),
    claimOf("inside", ["c.org"], { kind: { type: "application", scheme: "internal", targetType: "instance" } }),
    claimOf("slow", ["d.org"], { wishes: { attributes: new Map([["idle_timeout.timeout_seconds", "300"]]) } }),
  ]);
  assert.equal(place(layout, "a"), place(layout, "b"));
  assert.equal(layout.loadBalancers.length, 3);
  for (const { name } of layout.loadBalancers) assert.match(name, /^hf-shop-[0-9a-f]{10}-0$/);
  const long = layOut([claimOf("a", [])], [], [], { ...LAYOUT_OPTIONS, clusterId: "aws:1234:eu-central-1:a-very-long-name" }, NOW_MS);
  assert.match(long.loadBalancers[0]?.name ?? "", /^hf-[A-Za-z0-9-]{1,29}$/);
});

test("A load balancer that is full is left alone, and what is new goes to another", () => {
  const hosts = ["a", "b", "c"];
  const certificates = hosts.map((host) => certificateOf(host, [`${host}.org`]));
  const before = lay(
    hosts.slice(0, 2).map((host) => claimOf(host, [`${host}.org`])),
    certificates,
    [],
    2,
  );
  assert.equal(before.loadBalancers.length, 1);
  // Its name sorts first, and still it drives nobody out.
  const after = lay(
    [claimOf("0", ["c.org"]), ...told([claimOf("a", ["a.org"]), claimOf("b", ["b.org"])], before)],
    certificates,
    made(before),
    2,
  );
  assert.equal(place(after, "a"), place(before, "a"));
  assert.equal(place(after, "b"), place(before, "b"));
  assert.notEqual(place(after, "0"), place(before, "a"));
});

test("A claim stays where it is when the load balancers before it are gone", () => {
  const certificates = ["a", "b"].map((host) => certificateOf(host, [`${host}.org`]));
  const claims = [claimOf("a", ["a.org"]), claimOf("b", ["b.org"])];
  const before = lay(claims, certificates, [], 1);
  assert.notEqual(place(before, "a"), place(before, "b"));
  const left = made(before).filter(({ name }) => name === place(before, "b"));
  const after = lay([claimOf("b", ["b.org"])], certificates, left, 1);
  assert.equal(place(after, "b"), place(before, "b"));
});

test("Without its status a claim is found by its certificates", () => {
  const certificates = ["a", "b"].map((host) => certificateOf(host, [`${host}.org`]));
  const before = lay([claimOf("a", ["a.org"]), claimOf("b", ["b.org"])], certificates, [], 1);
  const after = lay([claimOf("b", ["b.org"])], certificates, made(before), 1);
  assert.equal(place(after, "b"), place(before, "b"));
});

test("While nothing is known of a load balancer those who were placed there stay there", () => {
  const certificates = ["a", "b"].map((host) => certificateOf(host, [`${host}.org`]));
  const before = lay([claimOf("a", ["a.org"]), claimOf("b", ["b.org"])], certificates, [], 1);
  const unread = before.loadBalancers.map(({ name, owners }) => ({ name, kind: undefined, dnsName: undefined, certificates: [], owners }));
  const after = lay([claimOf("0", ["a.org"]), claimOf("b", ["b.org"])], certificates, unread, 1);
  assert.equal(place(after, "b"), place(before, "b"));
});

test("Certificates that nobody needs take up room until they are gone from the listener", () => {
  const certificates = ["a", "b"].map((host) => certificateOf(host, [`${host}.org`]));
  const before = lay([claimOf("a", ["a.org"])], certificates, [], 1);
  const after = lay([claimOf("b", ["b.org"])], certificates, made(before), 1);
  assert.notEqual(place(after, "b"), place(before, "a"));
  assert.equal(after.loadBalancers.length, 1);
});

test("A host without a certificate is told, and its claim is served for the rest", () => {
  const layout = lay(
    [claimOf("a", ["a.org", "b.org"]), claimOf("c", ["c.org"])],
    [certificateOf("a", ["a.org"]), certificateOf("c", ["c.org"])],
  );
  assert.deepEqual(layout.loadBalancers[0]?.certificates, [arnOf("a"), arnOf("c")]);
  assert.equal(layout.loadBalancers[0]?.owners.length, 2);
  assert.deepEqual(
    layout.problems.map(({ owner, reason }) => [owner, reason]),
    [["Ingress default/a", "CertificateNotFound"]],
  );
  assert.match(layout.problems[0]?.message ?? "", /no certificate is for b\.org: request one/);
});

test("A certificate that ended stays in use while there is no other for the host, and its owner is told", () => {
  const ended = certificateOf("ended", ["a.org"], { notAfterMs: NOW_MS - 1 });
  const layout = lay([claimOf("a", ["a.org"])], [ended]);
  assert.deepEqual(layout.loadBalancers[0]?.certificates, [ended.arn]);
  assert.equal(layout.problems[0]?.reason, "CertificateExpired");
  const renewed = certificateOf("renewed", ["a.org"]);
  assert.deepEqual(lay([claimOf("a", ["a.org"])], [ended, renewed]).loadBalancers[0]?.certificates, [renewed.arn]);
});

test("A claim that names certificates gets these, and is told which of them are not there", () => {
  const layout = lay(
    [claimOf("a", ["a.org"], { certificateArns: [arnOf("x"), arnOf("y")] })],
    [certificateOf("a", ["a.org"]), certificateOf("x", ["x.org"])],
  );
  assert.deepEqual(layout.loadBalancers[0]?.certificates, [arnOf("x")]);
  assert.match(layout.problems[0]?.message ?? "", /certificate\/y/);
});

test("A claim that listens on HTTP alone needs no certificates", () => {
  const layout = lay([claimOf("a", ["a.org"], { wishes: { listenPorts: [{ protocol: "HTTP", port: 8080 }] } })]);
  assert.deepEqual(layout.problems, []);
});

test("A claim that needs too many certificates is served for as many as fit, those that serve already first", () => {
  const certificates = ["a", "b", "c"].map((host) => certificateOf(host, [`${host}.org`]));
  const before = lay([claimOf("x", ["b.org", "c.org"])], certificates, [], 2);
  const after = lay(told([claimOf("x", ["a.org", "b.org", "c.org"])], before), certificates, made(before), 2);
  assert.deepEqual(after.loadBalancers, before.loadBalancers);
  assert.equal(after.problems[0]?.reason, "TooManyCertificates");
  assert.match(after.problems[0]?.message ?? "", /certificate\/a/);
});

test("In a group the smaller order decides, attributes and ports add up, and whoever says something else is told", () => {
  const inGroup = { sharing: { by: "group", group: "g" } } as const;
  const layout = lay([
    claimOf("late", [], {
      ...inGroup,
      order: 5,
      wishes: {
        sslPolicy: "two",
        attributes: new Map([
          ["k", "2"],
          ["l", "3"],
        ]),
        listenPorts: [{ protocol: "HTTP", port: 81 }],
      },
    }),
    claimOf("early", [], {
      ...inGroup,
      order: 1,
      wishes: { sslPolicy: "one", attributes: new Map([["k", "1"]]), listenPorts: [{ protocol: "HTTP", port: 80 }] },
    }),
  ]);
  assert.equal(layout.loadBalancers.length, 1);
  const wishes: Wishes = layout.loadBalancers[0]?.wishes ?? {};
  assert.equal(wishes.sslPolicy, "one");
  assert.deepEqual(
    [...(wishes.attributes ?? [])],
    [
      ["k", "1"],
      ["l", "3"],
    ],
  );
  assert.deepEqual(
    wishes.listenPorts?.map(({ port }) => port),
    [80, 81],
  );
  assert.deepEqual(
    layout.problems.map(({ owner, reason }) => `${owner} ${reason}`),
    ["Ingress default/late GroupConflict", "Ingress default/late GroupConflict"],
  );
});

test("Who asks for another scheme than its group is not served by it", () => {
  const inGroup = { sharing: { by: "group", group: "g" }, saidKind: ["scheme"] } as const;
  const kind = { type: "application", scheme: "internal", targetType: "instance" } as const;
  const layout = lay([
    claimOf("inside", [], { ...inGroup, kind }),
    claimOf("outside", [], { ...inGroup, order: 1 }),
    claimOf("either", [], { sharing: inGroup.sharing }),
  ]);
  assert.equal(layout.loadBalancers[0]?.kind.scheme, "internal");
  assert.deepEqual(layout.loadBalancers[0]?.owners, ["Ingress default/either", "Ingress default/inside"]);
  assert.match(layout.problems[0]?.message ?? "", /is internal and this asks for internet-facing/);
});

test("Another scheme means another load balancer under another name", () => {
  const alone = { sharing: { by: "nobody", owner: "Ingress default/a" } } as const;
  const before = lay([claimOf("a", [], alone)]);
  const after = lay(
    [claimOf("a", [], { ...alone, kind: { type: "application", scheme: "internal", targetType: "instance" } })],
    [],
    made(before),
  );
  assert.notEqual(place(before, "a"), place(after, "a"));
  // Everything else changes in place.
  const policy = lay([claimOf("a", [], { ...alone, wishes: { sslPolicy: "other" } })], [], made(before));
  assert.equal(place(before, "a"), place(policy, "a"));
});

test("A name that was chosen is given to one load balancer, whose kind then stays", () => {
  const named = (name: string): Partial<Claim> => ({
    sharing: { by: "nobody", owner: `Ingress default/${name}` },
    wishes: { name: "front" },
  });
  const before = lay([claimOf("a", [], named("a")), claimOf("b", [], named("b"))]);
  assert.equal(place(before, "a"), "front");
  assert.match(place(before, "b") ?? "", /^hf-/);
  assert.deepEqual(
    before.problems.map(({ owner, reason }) => [owner, reason]),
    [["Ingress default/b", "NameTaken"]],
  );
  const after = lay(
    [claimOf("a", [], { ...named("a"), kind: { type: "application", scheme: "internal", targetType: "instance" } })],
    [],
    made(before),
  );
  assert.equal(after.loadBalancers[0]?.kind.scheme, "internet-facing");
  assert.equal(after.problems[0]?.reason, "KindIsFixed");
});

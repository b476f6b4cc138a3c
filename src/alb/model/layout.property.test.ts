import assert from "node:assert/strict";
import { test } from "node:test";

import * as fc from "fast-check";

import { LAYOUT_OPTIONS, NOW_MS, certificateOf, claimOf } from "../testing/claims.ts";
import type { Certificate } from "./certificate-choice.ts";
import { type Claim, type Sharing, ownerKey } from "./claim.ts";
import type { Layout, PlacedLoadBalancer } from "./desired.ts";
import { layOut } from "./layout.ts";

const MOST = 3;
const HOSTS = Array.from({ length: 12 }, (_, at) => `h${at}.example.org`);
const CERTIFICATES = HOSTS.map((host, at) => certificateOf(`c${at}`, [host]));
const options = { ...LAYOUT_OPTIONS, mostCertificates: MOST };

const sharing = fc.constantFrom<Sharing>({ by: "all" }, { by: "all" }, { by: "group", group: "g" }, { by: "nobody", owner: "" });
const claim = fc
  .record({
    hosts: fc.uniqueArray(fc.constantFrom(...HOSTS), { maxLength: 4 }),
    sharing,
    order: fc.integer({ min: -2, max: 2 }),
    scheme: fc.constantFrom("internet-facing" as const, "internal" as const),
    policy: fc.option(fc.constantFrom("one", "two"), { nil: undefined }),
  })
  .map(
    ({ hosts, sharing: by, order, scheme, policy }) =>
      (name: string): Claim =>
        claimOf(name, hosts.toSorted(), {
          sharing: by.by === "nobody" ? { by: "nobody", owner: `Ingress default/${name}` } : by,
          order,
          kind: { type: "application", scheme, targetType: "instance" },
          wishes: policy === undefined ? {} : { sslPolicy: policy },
        }),
  );
const claims = fc.array(claim, { maxLength: 14 }).map((makers) => makers.map((make, at) => make(`i${at}`)));

function lay(all: readonly Claim[], placed: readonly PlacedLoadBalancer[], certificates: readonly Certificate[] = CERTIFICATES): Layout {
  return layOut(all, certificates, placed, options, NOW_MS);
}

/** The account and the statuses once a layout is made; certificates are taken away later, or not at all. */
function settle(
  all: readonly Claim[],
  layout: Layout,
): { readonly claims: readonly Claim[]; readonly placed: readonly PlacedLoadBalancer[] } {
  return {
    claims: all.map((one) => ({ ...one, statusHosts: [`${layout.placeOf.get(ownerKey(one.owner)) ?? "none"}.elb.example`] })),
    placed: layout.loadBalancers.map(({ name, kind, certificates }) => ({
      name,
      kind,
      certificates,
      dnsName: `${name}.elb.example`,
      owners: [],
    })),
  };
}

test("Property: the order of what is given does not matter", () => {
  fc.assert(
    fc.property(claims, fc.infiniteStream(fc.integer()), (all, numbers) => {
      const settled = settle(all, lay(all, []));
      const shuffled = <T>(list: readonly T[]): readonly T[] =>
        list
          .map((item) => ({ item, at: numbers.next().value }))
          .toSorted((one, other) => one.at - other.at)
          .map(({ item }) => item);
      const one = lay(settled.claims, settled.placed);
      const other = lay(shuffled(settled.claims), shuffled(settled.placed), shuffled(CERTIFICATES));
      assert.deepEqual(new Map(other.placeOf), new Map(one.placeOf));
      assert.deepEqual(other.loadBalancers, one.loadBalancers);
      assert.deepEqual(other.problems, one.problems);
    }),
  );
});

test("Property: what is made stays, also when others come, go or grow", () => {
  fc.assert(
    fc.property(claims, claims, fc.nat(13), (all, others, gone) => {
      const before = lay(all, []);
      const settled = settle(all, before);
      assert.deepEqual(lay(settled.claims, settled.placed).loadBalancers, before.loadBalancers);
      const isShared = (one: Claim): boolean => one.sharing.by !== "group";
      const left = settled.claims.filter((_, at) => at !== gone).filter(isShared);
      const come = others.filter(isShared).map((one, at) => ({ ...one, owner: { ...one.owner, name: `a${at}` } }));
      const alone = come.map((one) =>
        one.sharing.by === "nobody" ? { ...one, sharing: { by: "nobody" as const, owner: ownerKey(one.owner) } } : one,
      );
      const after = lay([...alone, ...left], settled.placed);
      for (const { owner } of left) assert.equal(after.placeOf.get(ownerKey(owner)), before.placeOf.get(ownerKey(owner)));
    }),
  );
});

test("Property: every claim but one of another scheme than its group has a place with its certificates, and none has too many", () => {
  fc.assert(
    fc.property(claims, (all) => {
      const { loadBalancers, placeOf, problems } = lay(all, []);
      const byName = new Map(loadBalancers.map((one) => [one.name, one]));
      assert.equal(byName.size, loadBalancers.length);
      for (const { name, certificates } of loadBalancers) {
        assert.ok(certificates.length <= MOST);
        assert.match(name, /^[A-Za-z0-9][A-Za-z0-9-]{0,31}$/);
      }
      for (const one of all) {
        const owner = ownerKey(one.owner);
        const place = byName.get(placeOf.get(owner) ?? "");
        assert.ok(place !== undefined && place.owners.includes(owner));
        const isCut = problems.some((problem) => problem.owner === owner && problem.reason === "TooManyCertificates");
        for (const host of one.hosts)
          assert.ok(
            isCut || place.certificates.some((arn) => CERTIFICATES.find((certificate) => certificate.arn === arn)?.names.includes(host)),
          );
      }
    }),
  );
});

test("Property: other certificates change nothing for a host that has one of its own", () => {
  const spoilt = fc.array(fc.record({ at: fc.nat(11), ended: fc.boolean() }), { maxLength: 6 });
  fc.assert(
    fc.property(claims, spoilt, (all, more) => {
      const added = more.map(({ at, ended }, index) =>
        certificateOf(`x${index}`, [`*.h${at}.example.org`], ended ? { notAfterMs: NOW_MS - 1 } : {}),
      );
      assert.deepEqual(lay(all, [], [...added, ...CERTIFICATES]).loadBalancers, lay(all, []).loadBalancers);
    }),
  );
});

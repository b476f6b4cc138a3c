import { deepEqual, equal, notDeepEqual, ok } from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { readOptionsFile, writeOutPools } from "../../src/cli/routes-from-kube.ts";
import { Manifests } from "../../src/cli/routes-manifests.ts";
import { type ConvertOptions, type ObjectProblem, convert, skipperConvertOptions } from "../../src/ingress/index.ts";
import { type Backend, type RouteDefinition, parseEskip } from "../../src/route/index.ts";

const CORPUS = join(import.meta.dirname, "../../../shared/corpora/skipper-kubernetes");

/** Cases whose routes are not Skipper's, and why that is meant. */
const DIFFERENT: Readonly<Record<string, string>> = {
  "ingressV1/external-name/external-name-validation-not-enabled": "Skipper forgets the path of a rule whose Service is an external name",
  "ingressV1/ingress-data/ing-with-externalname-svc-preserve-host": "Skipper forgets the path of a rule whose Service is an external name",
  "routegroups/convert/missing-service": "what one Service lacks costs its own routes: they answer 503 and do not vanish",
  "routegroups/convert/target-port-not-found": "what one Service lacks costs its own routes: they answer 503 and do not vanish",
  "routegroups/convert/service-not-cluster-ip-type": "Services of type NodePort and LoadBalancer have endpoints as well",
};

/** Skipper's copy has symbolic links that the corpus lost: default filters by Service, and where their text is. */
const LOST_LINKS: Readonly<Record<string, string>> = {
  "routegroups/default-filters/apply-explicit": "routegroups/default-filters/apply-implicit.default-filters/myapp.default",
  "routegroups/default-filters/symlink-parse-once": "routegroups/default-filters/symlink-parse-once.default-filters/cfg",
  "routegroups/convert/target-endpoints-not-found": "ingressV1/ingress-data/ing-with-prule-wrong-ing-port.default-filters/bar.foo",
};

/** Golden routes whose objects the corpus does not have. */
const WITHOUT_OBJECTS = new Set([
  "ingressV1/traffic-segment/three-backends-with-one-zero-weight",
  "routegroups/traffic-segment/default-backends-partial-weights",
  "routegroups/traffic-segment/partial-weights",
]);

/** What is told of objects that Skipper logs an error for, too. */
const PROBLEMS: Readonly<Record<string, RegExp>> = {
  "routegroups/convert/no-catchall-for-failed-route-group": /^spec\.routes\[1\]\.filters\[0\], line 1, column 4: /,
  "routegroups/convert/missing-service": /^spec\.backends\[0\]: there is no Service default\/myapp$/,
  "routegroups/convert/target-port-not-found": /^spec\.backends\[0\]: Service default\/myapp has no port 80; it has /,
  "routegroups/convert/failing-predicate": /^spec\.routes\[0\]\.predicates\[0\], line 1, column 7: /,
  "routegroups/external-name/network-address-some-allowed": /^host external2\.example\.org is not among the allowed external names$/,
  "routegroups/external-name/lb-endpoint-none-allowed": /^host external1\.example\.org is not among the allowed external names$/,
  "routegroups/external-name/network-address-none-allowed": /^host external1\.example\.org is not among the allowed external names$/,
  "routegroups/examples/duplicate-host": /^spec\.hosts: expected each host once, got "example\.org"$/,
};

interface Case {
  readonly name: string;
  readonly yaml: string;
  readonly golden: string | undefined;
  readonly options: ConvertOptions;
}

function cases(): readonly Case[] {
  const files = globSync("**/*.{yaml,eskip}", { cwd: CORPUS });
  const names = [...new Set(files.map((file) => file.replace(/\.(yaml|eskip)$/, "")))].toSorted();
  return names
    .filter((name) => !WITHOUT_OBJECTS.has(name))
    .map((name) => {
      const path = (suffix: string): string => join(CORPUS, name + suffix);
      // The cases of traffic-segment are those of traffic with another algorithm; Skipper has symbolic links there.
      const own = path(".yaml");
      const yaml = existsSync(own) ? own : own.replace("/traffic-segment/", "/traffic/");
      const base = existsSync(path(".kube")) ? readOptionsFile(path(".kube")) : skipperConvertOptions;
      const segmented = name.includes("traffic-segment/") ? { ...base, trafficAlgorithm: "traffic-segment-predicate" as const } : base;
      return {
        name,
        yaml,
        golden: existsSync(path(".eskip")) ? path(".eskip") : undefined,
        options: { ...segmented, defaultFilters: defaultFilters(name, path(".default-filters")) },
      };
    });
}

function defaultFilters(name: string, directory: string): ReadonlyMap<string, string> {
  const link = LOST_LINKS[name];
  if (link !== undefined) return new Map([["myapp.default", readFileSync(join(CORPUS, link), "utf8").trim()]]);
  const files = globSync("*.*", { cwd: directory });
  return new Map(files.map((file) => [file, readFileSync(join(directory, file), "utf8").trim()]));
}

function run({ yaml, options }: Case): { readonly routes: readonly RouteDefinition[]; readonly problems: readonly ObjectProblem[] } {
  const manifests = new Manifests();
  manifests.read(yaml);
  deepEqual(manifests.problems, []);
  const converted = convert(manifests.world(), options);
  return { routes: writeOutPools(converted), problems: converted.problems };
}

/** Routes as Skipper compares them: predicates and endpoints without order, filters in order. */
function comparable(routes: readonly RouteDefinition[]): unknown {
  return Object.fromEntries(
    routes
      .toSorted((left, right) => (left.id < right.id ? -1 : 1))
      .map((route) => [
        route.id,
        {
          predicates: route.predicates.map((call) => JSON.stringify(call)).toSorted(),
          filters: route.filters.map((call) => JSON.stringify(call)),
          backend: comparableBackend(route.backend),
        },
      ]),
  );
}

function comparableBackend(backend: Backend): unknown {
  return backend.type === "loadBalanced" ? { ...backend, endpoints: backend.endpoints.toSorted() } : backend;
}

if (!existsSync(CORPUS)) {
  console.log(`not run: ${CORPUS} is absent`);
  it("finds the corpus where it must be there", () => equal(process.env["CI"] === "true", false));
} else {
  describe("Skipper's Kubernetes corpus", () => {
    const all = cases();
    it("is all there", () => ok(all.length >= 140, `${all.length} cases`));
    for (const one of all) {
      const { golden } = one;
      if (golden === undefined) continue;
      const expected = (): unknown => {
        const { routes, problems } = parseEskip(readFileSync(golden, "utf8"), golden);
        deepEqual(problems, []);
        return comparable(routes);
      };
      const reason = DIFFERENT[one.name];
      if (reason === undefined) it(`converts ${one.name} to the same routes`, () => deepEqual(comparable(run(one).routes), expected()));
      else it(`converts ${one.name} differently: ${reason}`, () => notDeepEqual(comparable(run(one).routes), expected()));
    }
    for (const [name, message] of Object.entries(PROBLEMS)) {
      it(`tells what is wrong in ${name}`, () => {
        const one = all.find((candidate) => candidate.name === name);
        ok(one !== undefined);
        const { problems } = run(one);
        ok(
          problems.some((problem) => message.test(problem.message)),
          JSON.stringify(problems),
        );
      });
    }
  });
}

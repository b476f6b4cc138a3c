import { deepEqual, equal, match } from "node:assert/strict";
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";

const directory = mkdtempSync(join(tmpdir(), "holdfast-routes-"));
const ENTRY = join(import.meta.dirname, "main.ts");
after(() => rmSync(directory, { recursive: true, maxRetries: 20, retryDelay: 100 }));

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

function routes(args: readonly string[], input = ""): { readonly status: number | null; readonly out: string; readonly error: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [ENTRY, "routes", ...args], { input, encoding: "utf8", timeout: 30_000 });
  return { status, out: stdout, error: stderr };
}

const GOOD = 'a: Path("/x") && HostAny("example.org") -> setPath("/y") -> setRequestHeader("X-A", "1") -> "http://10.0.0.1:80";\n';

describe("holdfast routes", () => {
  it("check tells every problem with its place and exits 2, or says how many routes there are", () => {
    const good = file("good.eskip", GOOD);
    const bad = file(
      "bad.eskip",
      'a: * -> setPth("/") -> <shunt>;\nb: * -> status(1 -> <shunt>;\nc: Path("/c") && Mehod("GET")\n  -> <shunt>;\n',
    );
    deepEqual(routes(["check", good]), { status: 0, out: `${good}: 1 routes, no problems\n`, error: "" });
    const { status, out, error } = routes(["check", good, bad]);
    equal(status, 2);
    equal(out, `${good}: 1 routes, no problems\n`);
    deepEqual(error.trimEnd().split("\n"), [
      `${bad}:1:9: route a: setPth(): there is no filter of this name; did you mean "setPath"? docs/reference/filters.md has those there are`,
      `${bad}:2:18: expected "," and another argument, or ")", got "->"`,
      `${bad}:3:18: route c: Mehod(): there is no predicate of this name; did you mean "Method"? docs/reference/predicates.md has those there are`,
    ]);
  });

  it("answers bad usage and unreadable files with one line and exit 2", () => {
    const { status, error } = routes(["check", join(directory, "none.eskip")]);
    equal(status, 2);
    equal(error, `${join(directory, "none.eskip")}: there is no such file\n`);
    const directoryGiven = routes(["fmt", directory]);
    equal(directoryGiven.status, 2);
    match(directoryGiven.error, /it is a directory; name a file\n$/);
  });

  it("fmt prints canonical eskip, and nothing of a broken file", () => {
    const { status, out } = routes(
      ["fmt", "-"],
      `// c\n a : Path( "/x" )&&HostAny("example.org")->setPath(\`/y\`)->setRequestHeader("X-A","1")->"http://10.0.0.1:80"`.replace(
        "a :",
        "a:",
      ),
    );
    equal(status, 0);
    equal(out, GOOD);
    const broken = routes(["fmt", "-"], "a: * -> <shunt>; b");
    deepEqual([broken.status, broken.out], [2, ""]);
  });

  it("match shows the route and what its filters do, and exits 1 when none answers", () => {
    const good = file("match.eskip", GOOD);
    const { status, out } = routes(["match", "--routes", good, "GET", "http://example.org/x?q=1", "-H", "Accept: */*"]);
    equal(status, 0);
    equal(out, `${GOOD}sends GET /y?q=1 to the back end\n  + X-A: 1\n`);
    const none = routes(["match", "--routes", good, "GET", "/x", "-H", "Host: other.org"]);
    deepEqual([none.status, none.out], [1, "no route answers\n"]);
    match(routes(["match", "--routes", good, "GET", "/x"]).out, /^no route answers; the request names no host/);
    const elsewhere = file("elsewhere.eskip", 'circle: Path("/circle") -> <loopback>; far: Path("/far") -> <forward>;');
    match(routes(["match", "--routes", elsewhere, "GET", "/circle"]).out, /answers 500: it was looked up again 9 times\n$/);
    match(routes(["match", "--routes", elsewhere, "GET", "/far"]).out, /sends GET \/far to the router that --forward-backend names\n$/);
    const noMethod = routes(["match", "--routes", good, "G T", "/x"]);
    deepEqual([noMethod.status, noMethod.error], [2, 'holdfast: "G T": expected a method as in GET\n']);
    const timed = file(
      "timed.eskip",
      'a: After("2026-02-01T00:00:00Z") -> setQuery("b", "2") -> maskAccessLogQuery("token") -> "http://10.0.0.1:80";',
    );
    const later = routes(["match", "--routes", timed, "--time", "2026-02-28T12:00:00Z", "GET", "/x?a=1"]);
    match(later.out, /sends GET \/x\?a=1&b=2 to the back end\nthe access log masks token\n$/);
    const json = routes(["match", "--routes", timed, "--time", "2026-02-28T12:00:00Z", "--json", "GET", "/x"]);
    const told = JSON.parse(json.out) as { readonly query: string; readonly wishes: readonly string[] };
    deepEqual([told.query, told.wishes], ["b=2", ["the access log masks token"]]);
    equal(routes(["match", "--routes", timed, "--time", "2026-01-28T12:00:00Z", "GET", "/x"]).status, 1);
    match(routes(["match", "--routes", timed, "--time", "soon", "GET", "/x"]).error, /--time "soon": expected a time/);
  });

  it("output that cannot be written is one line and exit code 1, and none where the reader had enough", () => {
    const good = file("full.eskip", GOOD);
    const many = file("many.eskip", Array.from({ length: 20_000 }, (_, at) => `r${at}: Path("/${at}") -> <shunt>;\n`).join(""));
    const shell = (line: string): SpawnSyncReturns<string> =>
      spawnSync("bash", ["-c", `set -o pipefail; ${line}`, process.execPath, ENTRY, good, many], { encoding: "utf8" });
    const full = shell('"$0" "$1" routes fmt "$2" > /dev/full');
    equal(full.status, 1);
    match(full.stderr, /^holdfast: standard output cannot be written: ENOSPC[^\n]*\n$/);
    const enough = shell('"$0" "$1" routes fmt "$3" | head -1');
    deepEqual([enough.status, enough.stderr], [0, ""]);
  });

  it("from-kube converts what is sound, tells what is not with file and line, and only --strict makes that an error", () => {
    const yaml = file(
      "objects.yaml",
      `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: bad}
spec: {rules: [{host: "a b"}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: good}
spec: {rules: [{host: example.org, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{port: 8080}]
endpoints: [{addresses: [10.0.0.1]}]
`,
    );
    const { status, out, error } = routes(["from-kube", yaml]);
    equal(status, 0);
    match(out, /^kube_default__good__example_org_____web: Host\(.*\)\s+&& PathSubtree\("\/"\)\s+-> "http:\/\/10\.0\.0\.1:8080";\n$/);
    equal(
      error,
      `${yaml}:1:1: Ingress default/bad not converted: spec.rules[0].host: expected a host name, as in "example.org" or "*.example.org", got "a b"\n`,
    );
    const strict = routes(["from-kube", "--strict", "--format", "json", yaml]);
    equal(strict.status, 2);
    const json = file("routes.json", strict.out);
    equal(routes(["check", json]).out, `${json}: 1 routes, no problems\n`);
    const broken = routes(["from-kube", "-"], "a: [1\nb: 2\n");
    equal(broken.status, 2);
    match(broken.error, /^holdfast: -:\d+:\d+: /);
    const options = routes(["from-kube", yaml, "--options", file("x.kube", "htpsRedirect: true\n")]);
    equal(options.status, 2);
    match(options.error, /x\.kube: htpsRedirect: expected a known option; did you mean "httpsRedirect"\?/);
  });
});

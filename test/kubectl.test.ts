import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type TestApiServer, openWatch, startApiServer } from "../src/lab/apiserver/testing/index.ts";

/** The kubectls that the lab's API server must please: a current one, Debian's old one, and the machine's own. */
const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
const WANTED = [
  { name: "kubectl 1.36", file: join(cache, "holdfast/kube-v1.36.3/kubectl"), get: "tools/build-kube.sh kubectl" },
  {
    name: "kubectl 1.20",
    file: join(cache, "holdfast/kubectl-1.20/usr/bin/kubectl"),
    get: `apt-get download kubernetes-client && dpkg -x kubernetes-client_*.deb ${join(cache, "holdfast/kubectl-1.20")}`,
  },
  { name: "kubectl of this machine", file: onPath("kubectl"), get: "apt-get install kubernetes-client" },
];

function onPath(program: string): string {
  return (
    (process.env["PATH"] ?? "")
      .split(delimiter)
      .map((folder) => join(folder, program))
      .find(existsSync) ?? program
  );
}

const DEPLOYMENT = (replicas: number, image: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, labels: {app: shop}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
      - {name: web, image: "${image}", ports: [{containerPort: 8080, name: http}]}
`;

const INGRESS = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  rules:
  - host: shop.example.org
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}
`;

const POD = `
apiVersion: v1
kind: Pod
metadata: {name: worker}
spec: {containers: [{name: main, image: "demo:1"}]}
`;

const DEFINITION = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: routegroups.zalando.org}
spec:
  group: zalando.org
  scope: Namespaced
  names: {kind: RouteGroup, plural: routegroups, singular: routegroup, shortNames: [rg], categories: [all]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    additionalPrinterColumns:
    - {name: Hosts, type: string, jsonPath: .spec.hosts}
    schema:
      openAPIV3Schema:
        type: object
        required: [spec]
        properties:
          spec:
            type: object
            required: [backends]
            properties:
              hosts: {type: array, items: {type: string, pattern: '^[a-z0-9.-]+$'}}
              backends:
                type: array
                items:
                  type: object
                  required: [name, type]
                  properties:
                    name: {type: string}
                    type: {type: string, enum: [service, shunt, network]}
          status: {type: object, properties: {ready: {type: boolean}}}
`;

const ROUTE_GROUP = `
apiVersion: zalando.org/v1
kind: RouteGroup
metadata: {name: my-route}
spec: {hosts: [rg.example.org], backends: [{name: none, type: shunt}]}
`;

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** One kubectl against one server. */
class Kubectl {
  readonly #file: string;
  readonly #arguments: readonly string[];
  constructor(file: string, server: TestApiServer, cacheFolder: string) {
    this.#file = file;
    this.#arguments = [`--kubeconfig=${server.kubeconfigFile}`, `--cache-dir=${cacheFolder}`];
  }

  /** Runs to its end, with `input` on standard input. */
  run(words: string, input = ""): Promise<Result> {
    return new Promise((resolve) => {
      const child = execFile(this.#file, [...this.#arguments, ...words.split(" ")], { timeout: 60_000 }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err }),
      );
      child.stdin?.end(input);
    });
  }

  /** The output of a run that must succeed. */
  async ok(words: string, input = ""): Promise<string> {
    const { code, out, err } = await this.run(words, input);
    assert.equal(code, 0, `kubectl ${words}: ${err}${out}`);
    return out;
  }

  start(words: string): ChildProcess {
    return spawn(this.#file, [...this.#arguments, ...words.split(" ")], { stdio: ["ignore", "pipe", "pipe"] });
  }
}

/** Waits until a process has written something that matches; answers all that it wrote. */
async function written(child: ChildProcess, pattern: RegExp): Promise<string> {
  let text = "";
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    text += chunk.toString("utf8");
    if (pattern.test(text)) return text;
  }
  throw new Error(`ended before it wrote ${pattern.source}: ${text}`);
}

const missing = WANTED.filter(({ file }) => !existsSync(file));
for (const { name, get } of missing) console.error(`not run: ${name}; get it with: ${get}`);

for (const { name, file } of WANTED.filter((wanted) => !missing.includes(wanted))) {
  describe(`${name} and the lab's API server`, () => {
    let server: TestApiServer;
    let folder: string;
    let kubectl: Kubectl;
    before(async () => {
      server = await startApiServer();
      folder = await mkdtemp(join(tmpdir(), "holdfast-kubectl-"));
      kubectl = new Kubectl(file, server, join(folder, "cache"));
    });
    after(async () => {
      await server.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    });

    test("apply creates, changes and leaves alone, and the tables are those that people know", async () => {
      assert.match(await kubectl.ok("apply -f -", DEPLOYMENT(2, "demo:1")), /deployment.apps\/shop created/);
      assert.match(await kubectl.ok("apply -f -", INGRESS), /ingress.networking.k8s.io\/shop created/);
      assert.match(await kubectl.ok("apply -f -", INGRESS), /ingress.networking.k8s.io\/shop unchanged/);
      assert.match(await kubectl.ok("apply -f -", DEPLOYMENT(3, "demo:2")), /deployment.apps\/shop configured/);
      assert.match(await kubectl.ok("get deployment shop"), /NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nshop +0\/3 +0 +0 +\d+s/);
      assert.match(
        await kubectl.ok("get ingress -o wide"),
        /NAME +CLASS +HOSTS +ADDRESS +PORTS +AGE\nshop +<none> +shop.example.org +80 +\d+s/,
      );
      assert.match(
        await kubectl.ok("get deployment shop -o jsonpath={.spec.replicas},{.spec.template.spec.containers[0].image}"),
        /^3,demo:2$/,
      );
      assert.match(await kubectl.ok("get deployment shop -o yaml"), /kind: Deployment\n/);
      assert.equal(await kubectl.ok("get deployment,ingress -o name"), "deployment.apps/shop\ningress.networking.k8s.io/shop\n");
    });

    test("diff shows what an apply would change, and a server dry run changes nothing", async () => {
      const manifest = join(folder, "changed.yaml");
      await writeFile(manifest, DEPLOYMENT(7, "demo:2"));
      const { code, out } = await kubectl.run(`diff -f ${manifest}`);
      assert.equal(code, 1);
      assert.match(out, /\+ {2}replicas: 7/);
      assert.match(await kubectl.ok(`apply --dry-run=server -f ${manifest}`), /shop configured \(server dry run\)/);
      assert.equal(await kubectl.ok("get deployment shop -o jsonpath={.spec.replicas}"), "3");
    });

    test("patch, scale, label and annotate change what they name", async () => {
      await kubectl.ok(
        `patch deployment shop -p {"spec":{"template":{"spec":{"containers":[{"name":"web","env":[{"name":"A","value":"b"}]}]}}}}`,
      );
      await kubectl.ok(`patch deployment shop --type=json -p [{"op":"replace","path":"/spec/revisionHistoryLimit","value":4}]`);
      await kubectl.ok(`patch deployment shop --type=merge -p {"spec":{"minReadySeconds":1}}`);
      await kubectl.ok("scale deployment shop --replicas=5");
      await kubectl.ok("label deployment shop tier=web");
      await kubectl.ok("annotate deployment shop note=hello");
      const path =
        "{.spec.template.spec.containers[*].image} {.spec.template.spec.containers[0].env[0].value} {.spec.revisionHistoryLimit} {.spec.minReadySeconds} {.spec.replicas} {.metadata.labels.tier} {.metadata.annotations.note}".replaceAll(
          " ",
          ",",
        );
      assert.equal(await kubectl.ok(`get deployment shop -o jsonpath=${path}`), "demo:2,b,4,1,5,web,hello");
    });

    test("server-side apply takes fields, tells conflicts, and forces when told to", async () => {
      const conflict = await kubectl.run("apply --server-side -f -", DEPLOYMENT(9, "demo:2"));
      assert.notEqual(conflict.code, 0);
      assert.match(conflict.err, /Apply failed with 1 conflict: conflict with ".*" .*\.spec\.replicas/);
      assert.match(await kubectl.ok("apply --server-side --force-conflicts -f -", DEPLOYMENT(9, "demo:2")), /shop serverside-applied/);
      assert.equal(await kubectl.ok("get deployment shop -o jsonpath={.spec.replicas},{.metadata.labels.tier}"), "9,web");
    });

    test("describe, explain and api-resources know the kinds", async () => {
      assert.match(await kubectl.ok("describe deployment shop"), /Replicas: +9 desired \| 0 updated/);
      assert.match(await kubectl.ok("describe ingress shop"), /shop\.example\.org/);
      assert.match(await kubectl.ok("explain ingress.spec.rules.http.paths.pathType"), /pathType/);
      assert.match(await kubectl.ok("api-resources"), /endpointslices +discovery.k8s.io\/v1 +true +EndpointSlice/);
      assert.match(await kubectl.ok("get namespaces"), /kube-system +Active/);
    });

    test("a mistake in a manifest is told with its field", async () => {
      const unknown = await kubectl.run("create -f -", INGRESS.replace("rules:", "rulez:").replace("name: shop}", "name: typo}"));
      assert.notEqual(unknown.code, 0);
      assert.match(unknown.err, /unknown field "(spec\.)?rulez"/);
      const invalid = await kubectl.run(
        "create -f -",
        INGRESS.replace("pathType: Prefix", "pathType: Glob").replace("name: shop}", "name: typo}"),
      );
      assert.notEqual(invalid.code, 0);
      assert.match(invalid.err, /spec\.rules\[0\]\.http\.paths\[0\]\.pathType: Unsupported value: "Glob"/);
    });

    test("rollout status waits for the status that a controller writes", async () => {
      const rollout = kubectl.start("rollout status deployment/shop --timeout=50s");
      const generation = Number(await kubectl.ok("get deployment shop -o jsonpath={.metadata.generation}"));
      const status = { observedGeneration: generation, replicas: 9, updatedReplicas: 9, readyReplicas: 9, availableReplicas: 9 };
      const patched = await server.call(
        "PATCH",
        "/apis/apps/v1/namespaces/default/deployments/shop/status",
        { status },
        { "content-type": "application/merge-patch+json" },
      );
      assert.equal(patched.code, 200);
      assert.match(await written(rollout, /successfully rolled out/), /deployment "shop" successfully rolled out/);
    });

    test("get --watch prints what comes", async () => {
      const watch = kubectl.start("get configmaps -w --no-headers");
      const printed = written(watch, /seen-by-watch +1 /);
      await kubectl.ok("create -f -", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: seen-by-watch}\ndata: {a: b}\n");
      await printed;
      watch.kill();
      await once(watch, "close");
    });

    test("delete waits until the kubelet has ended the pod", async () => {
      await kubectl.ok("create -f -", POD);
      const pod = "/api/v1/namespaces/default/pods/worker";
      await server.call("POST", `${pod}/binding`, {
        apiVersion: "v1",
        kind: "Binding",
        metadata: { name: "worker" },
        target: { kind: "Node", name: "node-1" },
      });
      const watch = await openWatch(server, "/api/v1/namespaces/default/pods?watch=1");
      const deletion = kubectl.ok("delete pod worker");
      for (;;) {
        const event = await watch.next();
        assert.ok(event !== undefined);
        if (event.object.metadata["deletionTimestamp"] !== undefined) break;
      }
      watch.close();
      assert.match(await kubectl.ok("get pods"), /worker +0\/1 +Terminating/);
      await server.call("DELETE", pod, { apiVersion: "v1", kind: "DeleteOptions", gracePeriodSeconds: 0 });
      assert.match(await deletion, /pod "worker" deleted/);
    });

    test("logs come from the pod's kubelet, and follow what is written", async () => {
      const kubelet = createServer((request, response) => {
        response.write(`asked for ${new URL(request.url ?? "/", "http://kubelet").pathname}\n`);
        response.end("last line\n");
      });
      kubelet.listen(0, "127.0.0.1");
      await once(kubelet, "listening");
      const { port } = kubelet.address() as AddressInfo;
      await server.call("POST", "/api/v1/nodes", {
        apiVersion: "v1",
        kind: "Node",
        metadata: { name: "node-2" },
        status: { addresses: [{ type: "InternalIP", address: "127.0.0.1" }], daemonEndpoints: { kubeletEndpoint: { Port: port } } },
      });
      await kubectl.ok("create -f -", POD.replace("worker", "talker"));
      await server.call("POST", "/api/v1/namespaces/default/pods/talker/binding", {
        apiVersion: "v1",
        kind: "Binding",
        metadata: { name: "talker" },
        target: { kind: "Node", name: "node-2" },
      });
      assert.equal(await kubectl.ok("logs -f talker"), "asked for /containerLogs/default/talker/main\nlast line\n");
      kubelet.close();
    });

    test("a custom resource definition makes a kind like any other", async () => {
      await kubectl.ok("apply -f -", DEFINITION);
      await kubectl.ok("wait --for=condition=Established crd/routegroups.zalando.org --timeout=30s");
      assert.match(await kubectl.ok("apply -f -", ROUTE_GROUP), /routegroup.zalando.org\/my-route created/);
      assert.match(await kubectl.ok("get rg"), /NAME +HOSTS\nmy-route +\["rg.example.org"\]/);
      assert.match(await kubectl.ok("explain routegroup.spec.backends"), /type\s+<string> -required-/);
      assert.match(await kubectl.ok("describe routegroup my-route"), /API Version: +zalando.org\/v1/);
      const invalid = await kubectl.run("apply -f -", ROUTE_GROUP.replace("type: shunt", "type: teapot"));
      assert.match(invalid.err, /spec\.backends\[0\]\.type: Unsupported value: "teapot": supported values: "service", "shunt", "network"/);
      await kubectl.ok('patch routegroup my-route --type=merge -p {"spec":{"hosts":["other.example.org"]}}');
      assert.match(await kubectl.ok("delete -f -", DEFINITION), /deleted/);
      const gone = await kubectl.run("get routegroup my-route");
      assert.notEqual(gone.code, 0);
    });

    test("the commands that make an object of their own work, whatever encoding they send it in", async () => {
      await kubectl.ok("create deployment made --image=demo:1 --replicas=0");
      await kubectl.ok("create configmap made --from-literal=a=b");
      await kubectl.ok("create job made --image=demo:1");
      await kubectl.ok("run made --image=demo:1");
      await kubectl.ok("expose deployment made --port=80 --target-port=8080");
      assert.equal(
        await kubectl.ok(
          "get deployment made -o jsonpath={.spec.replicas},{.spec.template.spec.containers[0].image},{.spec.strategy.rollingUpdate.maxSurge}",
        ),
        "0,demo:1,25%",
      );
      assert.match(await kubectl.ok("get service made"), /made +ClusterIP +10\.96\.\d+\.\d+ +<none> +80\/TCP/);
      assert.match(await kubectl.ok("get job made"), /made .*0\/1/);
      assert.equal(await kubectl.ok("auth can-i create pods"), "yes\n");
      await kubectl.ok("delete deployment/made configmap/made job/made pod/made service/made --wait=false");
    });

    test("delete removes what apply made, and a namespace is seen to end", async () => {
      await kubectl.ok("delete -f -", DEPLOYMENT(1, "demo:1"));
      await kubectl.ok("delete -f -", INGRESS);
      assert.match((await kubectl.run("get deployment shop")).err, /deployments.apps "shop" not found/);
      await kubectl.ok("create namespace side");
      await kubectl.ok("delete namespace side --wait=false");
      assert.match(await kubectl.ok("get namespace side"), /side +Terminating/);
    });
  });
}

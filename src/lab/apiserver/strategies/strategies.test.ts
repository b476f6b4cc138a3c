import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Json, arrayAt, stringAt, valueAt } from "../json.ts";
import { type TestApiServer, startApiServer } from "../testing/index.ts";

const podSpec = { containers: [{ name: "c", image: "demo:1" }] };
const labels = { app: "d" };
const PATHS: Readonly<Record<string, string>> = {
  Pod: "/api/v1/namespaces/default/pods",
  Service: "/api/v1/namespaces/default/services",
  Secret: "/api/v1/namespaces/default/secrets",
  ConfigMap: "/api/v1/namespaces/default/configmaps",
  Event: "/api/v1/namespaces/default/events",
  Deployment: "/apis/apps/v1/namespaces/default/deployments",
  DaemonSet: "/apis/apps/v1/namespaces/default/daemonsets",
  Job: "/apis/batch/v1/namespaces/default/jobs",
  CronJob: "/apis/batch/v1/namespaces/default/cronjobs",
  Ingress: "/apis/networking.k8s.io/v1/namespaces/default/ingresses",
  IngressClass: "/apis/networking.k8s.io/v1/ingressclasses",
  EndpointSlice: "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
};

let server: TestApiServer;
before(async () => {
  server = await startApiServer();
});
after(() => server.close());

const made = (kind: string, rest: object, name = "x"): object => ({ kind, metadata: { name }, ...rest });
const ingress = (path: object): object => made("Ingress", { spec: { rules: [{ host: "a.example.org", http: { paths: [path] } }] } });
const selecting = (expression: object): object =>
  made("Deployment", { spec: { selector: { matchExpressions: [expression] }, template: { metadata: { labels }, spec: podSpec } } });
const backend = { service: { name: "s", port: { number: 80 } } };

/** What Kubernetes fills in, by kind: path and value. */
const DEFAULTS: readonly [string, object, readonly [readonly (string | number)[], Json][]][] = [
  [
    "Pod",
    { spec: podSpec },
    [
      [["spec", "restartPolicy"], "Always"],
      [["spec", "dnsPolicy"], "ClusterFirst"],
      [["spec", "terminationGracePeriodSeconds"], 30],
      [["spec", "containers", 0, "imagePullPolicy"], "IfNotPresent"],
      [["status", "phase"], "Pending"],
      [["status", "qosClass"], "BestEffort"],
    ],
  ],
  [
    "Pod",
    {
      spec: {
        containers: [
          {
            name: "c",
            image: "demo",
            ports: [{ containerPort: 80 }],
            resources: { limits: { cpu: 1, memory: "1Gi" } },
            readinessProbe: { httpGet: { port: 80 } },
          },
        ],
        hostNetwork: true,
      },
    },
    [
      [["spec", "containers", 0, "imagePullPolicy"], "Always"],
      [["spec", "containers", 0, "ports", 0], { containerPort: 80, protocol: "TCP", hostPort: 80 }],
      [["spec", "containers", 0, "resources"], { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "1", memory: "1Gi" } }],
      [
        ["spec", "containers", 0, "readinessProbe"],
        {
          httpGet: { port: 80, path: "/", scheme: "HTTP" },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
      ],
      [["status", "qosClass"], "Guaranteed"],
    ],
  ],
  [
    "Deployment",
    { spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec } } },
    [
      [["spec", "replicas"], 1],
      [["spec", "strategy"], { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } }],
      [["spec", "revisionHistoryLimit"], 10],
      [["metadata", "generation"], 1],
    ],
  ],
  [
    "DaemonSet",
    { spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec } } },
    [[["spec", "updateStrategy"], { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } }]],
  ],
  [
    "Job",
    { spec: { template: { spec: { ...podSpec, restartPolicy: "Never" } } } },
    [
      [["spec", "backoffLimit"], 6],
      [["spec", "completions"], 1],
      [["spec", "template", "metadata", "labels", "job-name"], "x-4"],
    ],
  ],
  [
    "CronJob",
    { spec: { schedule: "*/5 * * * *", jobTemplate: { spec: { template: { spec: { ...podSpec, restartPolicy: "OnFailure" } } } } } },
    [
      [["spec", "concurrencyPolicy"], "Allow"],
      [["spec", "successfulJobsHistoryLimit"], 3],
    ],
  ],
  [
    "Service",
    { spec: { selector: labels, ports: [{ port: 80 }] } },
    [
      [["spec", "type"], "ClusterIP"],
      [["spec", "clusterIP"], "10.96.0.11"],
      [["spec", "ports", 0], { port: 80, protocol: "TCP", targetPort: 80 }],
    ],
  ],
  ["Service", { spec: { type: "NodePort", ports: [{ port: 80 }] } }, [[["spec", "ports", 0, "nodePort"], 30_000]]],
  ["Service", { spec: { clusterIP: "None", selector: labels } }, [[["spec", "clusterIPs"], ["None"]]]],
  [
    "Secret",
    { stringData: { a: "b" } },
    [
      [["data", "a"], "Yg=="],
      [["type"], "Opaque"],
    ],
  ],
];

for (const [at, [kind, rest, expected]] of DEFAULTS.entries()) {
  test(`a ${kind} gets what it leaves out (${at + 1})`, async () => {
    const answer = await server.call("POST", PATHS[kind] ?? "", made(kind, rest, `x-${at}`));
    assert.equal(answer.code, 201, JSON.stringify(answer.body));
    for (const [path, value] of expected) assert.deepEqual(valueAt(answer.body as Json, ...path), value, path.join("."));
  });
}

/** What is refused, and the field that the answer names. */
const REFUSED: readonly [string, object, string, RegExp][] = [
  ["Pod", made("Pod", { spec: { containers: [] } }), "spec.containers", /Required value/],
  ["Pod", made("Pod", { spec: { containers: [{ name: "c" }] } }), "spec.containers[0].image", /Required value/],
  [
    "Pod",
    made("Pod", { spec: { containers: [...podSpec.containers, ...podSpec.containers] } }),
    "spec.containers[1].name",
    /Duplicate value: "c"/,
  ],
  [
    "Pod",
    made("Pod", { spec: { containers: [{ name: "c", image: "i", volumeMounts: [{ name: "v", mountPath: "/v" }] }] } }),
    "spec.containers[0].volumeMounts[0].name",
    /Not found: "v"/,
  ],
  ["Pod", made("Pod", { spec: podSpec }, "Bad_Name"), "metadata.name", /lowercase RFC 1123 subdomain/],
  ["Pod", { kind: "Pod", metadata: { name: "x", labels: { a: "not ok" } }, spec: podSpec }, "metadata.labels", /a valid label must be/],
  [
    "Deployment",
    made("Deployment", { spec: { selector: { matchLabels: { app: "other" } }, template: { metadata: { labels }, spec: podSpec } } }),
    "spec.template.metadata.labels",
    /`selector` does not match template `labels`/,
  ],
  ["Deployment", made("Deployment", { spec: { template: { spec: podSpec } } }), "spec.selector", /Required value/],
  [
    "Deployment",
    selecting({ key: "app", operator: "Like", values: ["d"] }),
    "spec.selector.matchExpressions[0].operator",
    /not a valid selector operator/,
  ],
  [
    "Deployment",
    selecting({ key: "app", operator: "In" }),
    "spec.selector.matchExpressions[0].values",
    /Required value: must be specified/,
  ],
  [
    "DaemonSet",
    { ...selecting({ key: "app", operator: "Exists", values: ["d"] }), kind: "DaemonSet" },
    "spec.selector.matchExpressions[0].values",
    /Forbidden: may not be specified/,
  ],
  [
    "Deployment",
    selecting({ key: "toString", operator: "Exists" }),
    "spec.template.metadata.labels",
    /`selector` does not match template `labels`/,
  ],
  [
    "Job",
    made("Job", { spec: { template: { spec: podSpec } } }),
    "spec.template.spec.restartPolicy",
    /Unsupported value: "Always": supported values: "OnFailure", "Never"/,
  ],
  [
    "CronJob",
    made("CronJob", {
      spec: { schedule: "61 * * * *", jobTemplate: { spec: { template: { spec: { ...podSpec, restartPolicy: "Never" } } } } },
    }),
    "spec.schedule",
    /Invalid value: "61/,
  ],
  ["Service", made("Service", { spec: { selector: labels } }), "spec.ports", /Required value/],
  ["Service", made("Service", { spec: { ports: [{ port: 0 }] } }), "spec.ports[0].port", /must be between 1 and 65535/],
  ["Service", made("Service", { spec: { ports: [{ port: 80 }, { port: 81 }] } }), "spec.ports[0].name", /Required value/],
  ["Ingress", ingress({ path: "/", backend }), "spec.rules[0].http.paths[0].pathType", /Required value: pathType must be specified/],
  ["Ingress", ingress({ path: "x", pathType: "Prefix", backend }), "spec.rules[0].http.paths[0].path", /must be an absolute path/],
  [
    "Ingress",
    ingress({ path: "/", pathType: "Prefix", backend: { service: { name: "s" } } }),
    "spec.rules[0].http.paths[0].backend.service.port",
    /port name or number is required/,
  ],
  ["Ingress", made("Ingress", { spec: {} }), "spec", /either `defaultBackend` or `rules` must be specified/],
  ["IngressClass", made("IngressClass", { spec: {} }), "spec.controller", /Required value/],
  ["EndpointSlice", made("EndpointSlice", { endpoints: [] }), "addressType", /Required value/],
  [
    "EndpointSlice",
    made("EndpointSlice", { addressType: "IPv4", endpoints: [{ addresses: ["nope"] }] }),
    "endpoints[0].addresses[0]",
    /must be an IPv4 address/,
  ],
  ["ConfigMap", made("ConfigMap", { data: { "a b": "c" } }), "data[a b]", /a valid config key/],
];

for (const [kind, body, field, message] of REFUSED) {
  test(`a ${kind} whose ${field} is wrong (${message.source}) is refused with 422 and its field`, async () => {
    const answer = await server.call("POST", PATHS[kind] ?? "", body);
    assert.equal(answer.code, 422, JSON.stringify(answer.body));
    const cause = arrayAt(answer.body as Json, "details", "causes").find((each) => stringAt(each, "field") === field);
    assert.match(stringAt(cause, "message") ?? "", message);
  });
}

test("a value of another type is refused with 400 and its path, an unknown field only when asked to be strict", async () => {
  const path = PATHS["Deployment"] ?? "";
  const body = {
    kind: "Deployment",
    metadata: { name: "x" },
    spec: { replicas: "three", selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec } },
  };
  const wrong = await server.call("POST", path, body);
  assert.equal(wrong.code, 400);
  assert.match(stringAt(wrong.body as Json, "message") ?? "", /cannot unmarshal string into field spec\.replicas of type int32/);
  const unknown = { ...body, spec: { ...body.spec, replicas: 3, replicaz: 4 } };
  const strict = await server.call("POST", `${path}?fieldValidation=Strict`, unknown);
  assert.equal(strict.code, 400);
  assert.match(stringAt(strict.body as Json, "message") ?? "", /strict decoding error: unknown field "spec\.replicaz"/);
  const dropped = await server.call("POST", path, unknown);
  assert.equal(dropped.code, 201);
  assert.equal(valueAt(dropped.body as Json, "spec", "replicaz"), undefined);
});

test("what may not change in place is refused: a selector, a pod's containers, a service's address", async () => {
  const merge = { "content-type": "application/merge-patch+json" };
  await server.call(
    "POST",
    PATHS["Deployment"] ?? "",
    made("Deployment", {
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels: { ...labels, b: "c" } }, spec: podSpec } },
    }),
  );
  await server.call("POST", PATHS["Pod"] ?? "", made("Pod", { spec: podSpec }));
  await server.call("POST", PATHS["Service"] ?? "", made("Service", { spec: { ports: [{ port: 80 }] } }));
  assert.equal(
    (await server.call("PATCH", `${PATHS["Deployment"]}/x`, { spec: { selector: { matchLabels: { app: "d", b: "c" } } } }, merge)).code,
    422,
  );
  assert.equal((await server.call("PATCH", `${PATHS["Pod"]}/x`, { spec: { hostname: "h" } }, merge)).code, 422);
  assert.equal((await server.call("PATCH", `${PATHS["Service"]}/x`, { spec: { clusterIP: "10.96.0.99" } }, merge)).code, 422);
  const image = await server.call(
    "PATCH",
    `${PATHS["Pod"]}/x`,
    { spec: { containers: [{ name: "c", image: "demo:2" }] } },
    { "content-type": "application/strategic-merge-patch+json" },
  );
  assert.equal(image.code, 200);
});

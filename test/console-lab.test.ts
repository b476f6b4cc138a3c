import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { until as waitUntil } from "../src/kernel/testing/until.ts";
import { clientOf } from "../src/lab/aws/testing/test-account.ts";
import { CHROMIUM, type StartedBrowser, startBrowser } from "./browser.ts";

// Every button of the page on a real lab: each is clicked, and what came of it is looked for in the page and, by other
// ways than the console's own, in the cluster.
const root = join(import.meta.dirname, "..");
const PATIENCE_MS = 90_000;
const INGRESSES = "/apis/networking.k8s.io/v1/namespaces/shop/ingresses";

interface Kubeconfig {
  readonly clusters: readonly [{ readonly cluster: { readonly server: string; readonly "certificate-authority-data": string } }];
  readonly users: readonly [{ readonly user: { readonly token: string } }];
}

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status?: { readonly phase?: string; readonly containerStatuses?: readonly { readonly restartCount: number }[] };
  }[];
}

if (CHROMIUM === undefined) {
  process.stdout.write("not run: the console's buttons on a lab (no Chromium; install Debian's package chromium)\n");
} else {
  labTests(CHROMIUM);
}

function labTests(executablePath: string): void {
  const stateDir = mkdtempSync(join(tmpdir(), "holdfast-console-lab-"));
  let lab: ChildProcess;
  let started: StartedBrowser;
  let page: Page;
  let kube: { readonly server: URL; readonly ca: Buffer; readonly token: string };
  const complaints: string[] = [];

  before(async () => {
    lab = spawn(process.execPath, ["src/cli/main.ts", "lab", "--scenario", "none", "--port", "0", "--rate", "20", "--state", stateDir], {
      cwd: root,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const output = await read(lab, /the lab runs/);
    const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(output)?.[0] ?? "";
    kube = readKubeconfig(join(stateDir, "kubeconfig"));
    started = await startBrowser(executablePath);
    page = await started.browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(PATIENCE_MS);
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(url);
    await page.getByTestId("picture").waitFor();
  });

  after(async () => {
    await started.close();
    lab.kill("SIGINT");
    await new Promise((resolve) => lab.once("exit", resolve));
    rmSync(stateDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });

  /** Asks the API server as the lab's administrator; `undefined` when it does not answer. */
  function askCluster(path: string, method = "GET"): Promise<{ status: number; body: unknown } | undefined> {
    return new Promise((resolve) => {
      const outgoing = httpsRequest(
        new URL(path, kube.server),
        { method, ca: kube.ca, agent: false, timeout: 5000, headers: { authorization: `Bearer ${kube.token}` } },
        (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (chunk: string) => (text += chunk));
          response.on("end", () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }));
          response.on("error", () => resolve(undefined));
        },
      );
      outgoing.on("timeout", () => outgoing.destroy(new Error("timeout")));
      outgoing.on("error", () => resolve(undefined));
      outgoing.end();
    });
  }

  /** The status a client gets through the load balancer of Holdfast's fleet. */
  function throughHold(host: string): Promise<number> {
    return new Promise((resolve) => {
      const outgoing = httpRequest({ ...holdEntry(stateDir), path: "/", agent: false, headers: { host }, timeout: 5000 }, (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode ?? 0));
      });
      outgoing.on("timeout", () => outgoing.destroy(new Error("timeout")));
      outgoing.on("error", () => resolve(0));
      outgoing.end();
    });
  }

  async function addressOf(node: string): Promise<string> {
    const answer = await askCluster(`/api/v1/nodes/${node}`);
    const found = answer?.body as { status: { addresses: readonly { type: string; address: string }[] } } | undefined;
    return found?.status.addresses.find(({ type }) => type === "InternalIP")?.address ?? "";
  }

  async function restartsOf(application: string, node: string): Promise<number | undefined> {
    const selector = `labelSelector=${encodeURIComponent(`app=${application}`)}&fieldSelector=${encodeURIComponent(`spec.nodeName=${node}`)}`;
    const answer = await askCluster(`/api/v1/namespaces/kube-system/pods?${selector}`);
    return (answer?.body as PodList | undefined)?.items[0]?.status?.containerStatuses?.[0]?.restartCount;
  }

  /** Clicks, and waits for what the server says of it. */
  async function click(action: string): Promise<void> {
    const button = page.locator(`[data-testid="action-${action}"]:enabled`);
    const [response] = await Promise.all([page.waitForResponse((answer) => answer.url().includes("/api/actions/")), button.click()]);
    assert.equal(response.status(), 200, await response.text());
  }

  const putBack = async (fault: string): Promise<void> => {
    await page.locator(`[data-testid="put-back-${fault}"]:enabled`).click();
    await page.getByTestId(`fault-${fault}`).waitFor({ state: "detached" });
  };

  test("Change a route: the Ingress is in the cluster, in the table of both fleets and served; put back, it is gone from all", async () => {
    await click("change-route");
    await until("the Ingress exists", async () => (await askCluster(`${INGRESSES}/sale`))?.status === 200);
    const row = page.getByTestId("routes").getByRole("row", { name: /sale\.lab/ });
    await row.getByText("live").nth(1).waitFor();
    await until("sale.lab is served", async () => (await throughHold("sale.lab")) === 200);
    await putBack("sale");
    await until("the Ingress is gone", async () => (await askCluster(`${INGRESSES}/sale`))?.status === 404);
    await until("sale.lab is no longer served", async () => (await throughHold("sale.lab")) === 404);
  });

  test("Kill a router: the page shows it die and come back, its kubelet counts the restart, and the fleet serves on", async () => {
    const before = await restartsOf("router-hold", "node-2");
    assert.ok(before !== undefined);
    await page.getByTestId("target-kill-router").selectOption("hold/node-2");
    await click("kill-router");
    await page.getByTestId("notice").getByText("router-hold on node-2").waitFor();
    await page.getByTestId("timeline").getByText("router on node-2 killed").first().waitFor();
    await until("its restart is counted", async () => ((await restartsOf("router-hold", "node-2")) ?? 0) > before);
    await page.locator('[data-testid="router-hold-node-2"][data-state="running"]').getByText("restart").waitFor();
    assert.equal(await throughHold("shop.lab"), 200);
  });

  test("Kill the API server: it answers nobody, watches are cut in the picture, Holdfast serves on; put back, it has its data", async () => {
    await click("kill-api-server");
    await page.locator('[data-testid="api-server"][data-state="stopped"]').waitFor();
    assert.equal(await askCluster("/livez"), undefined);
    await page.locator('[data-testid="wire-watch-1-0"][data-tone="alarm"]').waitFor();
    assert.equal(await throughHold("shop.lab"), 200);
    await putBack("api-server");
    await page.locator('[data-testid="api-server"][data-state="running"]').waitFor();
    await until("it has the Ingresses again", async () => (await askCluster(INGRESSES))?.status === 200);
    await page.locator('[data-testid="wire-watch-1-0"][data-tone="plain"]').waitFor();
  });

  test("Kill a node: its kubelet is gone, the load balancer takes it out, Holdfast serves on; put back, it is healthy again", async () => {
    const address = await addressOf("node-3");
    await page.getByTestId("target-kill-node").selectOption("node-3");
    await click("kill-node");
    await page.locator('[data-testid="node-node-3"]:not([data-state="running"])').waitFor();
    assert.equal(await canConnect(address, 10_250), false);
    await page.getByTestId("alb-hold").getByText("2 of 3 healthy").waitFor();
    assert.equal(await throughHold("shop.lab"), 200);
    await putBack("node/node-3");
    await until("its kubelet listens", () => canConnect(address, 10_250));
    await page.getByTestId("alb-hold").getByText("3 of 3 healthy").waitFor();
  });

  test("Terminate an instance: its node goes for good, its Auto Scaling group launches another, and that one serves", async () => {
    await page.getByTestId("target-terminate-instance").selectOption("node-2");
    await click("terminate-instance");
    await page.getByTestId("node-node-2").waitFor({ state: "detached" });
    await page.locator('[data-testid="node-node-4"][data-state="running"]').waitFor();
    assert.equal(await throughHold("shop.lab"), 200);
    await page.locator('[data-testid="router-hold-node-4"][data-state="running"]').waitFor();
    await page.getByTestId("alb-hold").getByText("3 of 3 healthy").waitFor();
    await until("its Node is deleted", async () => (await askCluster("/api/v1/nodes/node-2"))?.status === 404);
  });

  test("AWS is killed: load balancers serve on, machines run on, and its account is as it was when it is back", async () => {
    const aws = readAwsEnvironment(join(stateDir, "aws.env"));
    const names = async (): Promise<string> => {
      const { text, status } = await aws("elasticloadbalancing", "DescribeLoadBalancers");
      assert.equal(status, 200, text);
      return [...text.matchAll(/<LoadBalancerName>([^<]+)/g)].map(([, name]) => name).join(" ");
    };
    const before = await names();
    assert.match(before, /\S+ \S+/);
    killPart("aws", stateDir);
    for (let request = 0; request < 20; request++) assert.equal(await throughHold("shop.lab"), 200);
    await until("AWS is back", async () => (await names()) === before);
    assert.equal((await askCluster("/api/v1/nodes/node-1"))?.status, 200);
    assert.equal(await throughHold("shop.lab"), 200);
  });

  test("Components by lab.json: a part that is stopped stays down until it is started; a router is started again by its kubelet", async () => {
    const file = join(stateDir, "lab.json");
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const handle = JSON.parse(readFileSync(file, "utf8")) as { url: string; token: string; pid: number; kubeconfig: string };
    assert.deepEqual([handle.pid, handle.kubeconfig], [lab.pid, join(stateDir, "kubeconfig")]);
    interface Component {
      readonly name: string;
      readonly state: string;
      readonly pid: number | null;
      readonly listens: readonly string[];
    }
    const all = async (): Promise<readonly Component[]> =>
      (await (await fetch(new URL("/api/components", handle.url))).json()) as readonly Component[];
    const find = async (name: string): Promise<Component | undefined> => (await all()).find((each) => each.name === name);
    const change = async (name: string, verb: string): Promise<void> => {
      const headers = { "x-holdfast-token": handle.token, "content-type": "application/json" };
      const answer = await fetch(new URL(`/api/components/${name}/${verb}`, handle.url), { method: "POST", headers, body: "{}" });
      assert.equal(answer.status, 200, await answer.text());
    };
    for (const name of ["apiserver", "aws", "scheduler", "controllers", "alb", "load", "kubelet/node-1", "router/node-1/naive"])
      assert.match(String((await find(name))?.pid), /^\d+$/, name);
    // Every address that a component is said to listen on takes connections.
    for (const { listens } of await all()) {
      for (const address of listens) {
        const [host = "", port] = address.split(":");
        assert.ok(await canConnect(host, Number(port)), address);
      }
    }
    await change("kubelet/node-1", "stop");
    assert.deepEqual([(await find("kubelet/node-1"))?.state, (await find("kubelet/node-1"))?.pid], ["stopped", null]);
    const router = await find("router/node-1/hold");
    assert.ok(router?.pid, "a router runs on while its kubelet is down");
    await change("kubelet/node-1", "start");
    await change("router/node-1/hold", "stop");
    await until("its kubelet has started the router again", async () => {
      const now = await find("router/node-1/hold");
      return now !== undefined && now.pid !== router.pid && (await find("router/node-1/hold/control")) !== undefined;
    });
    await page.getByTestId("alb-hold").getByText("3 of 3 healthy").waitFor();
  });

  test("Flood with pods: the CronJob is there and its pods pend; removed, the CronJob is gone", async () => {
    await click("flood");
    await page.getByTestId("fault-flood").waitFor();
    const cronJobs = async (): Promise<number> =>
      ((await askCluster("/apis/batch/v1/cronjobs"))?.body as { items?: unknown[] } | undefined)?.items?.length ?? -1;
    await until("the CronJob exists", async () => (await cronJobs()) > 0);
    await page
      .getByTestId("api-server")
      .getByText(/pending/)
      .waitFor();
    await putBack("flood");
    await until("the CronJob is gone", async () => (await cronJobs()) === 0);
  });

  test("Reject and approve a held removal: the last of several deleted Ingresses is held with its evidence until it is approved", async () => {
    for (const name of ["retired", "cart", "storefront"]) assert.equal((await askCluster(`${INGRESSES}/${name}`, "DELETE"))?.status, 200);
    const held = page.getByRole("button", { name: "held: why shop.lab/ is held", exact: true });
    await held.click();
    // A decision reaches the routers that are known to hold it.
    await page.getByTestId("held-drawer").getByText("by 3 routers").waitFor();
    // Seen by watch as deletes, or, when a watch is being taken up anew at that moment, as a list without them.
    assert.match(
      (await page.getByTestId("evidence").textContent()) ?? "",
      /explicit delete(, and all others are held| of the last one)|complete answer with \d things/,
    );
    await page.getByTestId("held-reject").click();
    await page.getByTestId("timeline").getByText("held removal rejected on 3 routers").waitFor();
    assert.equal(await throughHold("shop.lab"), 200);
    await held.click();
    await page.getByTestId("held-approve").click();
    await page.getByTestId("timeline").getByText("held removal approved on 3 routers").waitFor();
    await held.waitFor({ state: "detached" });
    await until("shop.lab is no longer served", async () => (await throughHold("shop.lab")) === 404);
  });

  test("the page had nothing to complain of", () => {
    assert.deepEqual(complaints, []);
  });
}

function readKubeconfig(file: string): { server: URL; ca: Buffer; token: string } {
  const { clusters, users } = JSON.parse(readFileSync(file, "utf8")) as Kubeconfig;
  const { cluster } = clusters[0];
  return { server: new URL(cluster.server), ca: Buffer.from(cluster["certificate-authority-data"], "base64"), token: users[0].user.token };
}

/** How one speaks to the lab's AWS: as the shell's variables in its folder say. */
function readAwsEnvironment(file: string): ReturnType<typeof clientOf> {
  const variables = new Map([...readFileSync(file, "utf8").matchAll(/^export (\w+)=(\S+)$/gm)].map(([, name, value]) => [name, value]));
  const key = { id: variables.get("AWS_ACCESS_KEY_ID") ?? "", secret: variables.get("AWS_SECRET_ACCESS_KEY") ?? "" };
  const call = clientOf(new URL(variables.get("AWS_ENDPOINT_URL") ?? "").host, Date.now);
  return (service, action, input) => call(service, action, input, { key });
}

/** `kill -9` of a part of the lab in this folder. */
function killPart(part: string, stateDir: string): void {
  const isIt = (pid: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`lab-part-entry.ts\0${part}\0${stateDir}`);
    } catch {
      return false; // It ended while we looked.
    }
  };
  const found = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && isIt(name));
  assert.equal(found.length, 1);
  process.kill(Number(found[0]), "SIGKILL");
}

/** Where the load balancer of Holdfast's fleet listens: the one that checks the health of its routers. */
function holdEntry(stateDir: string): { host: string; port: number } {
  interface Hosted {
    readonly nodes: readonly { readonly address: string }[];
    readonly listeners: readonly { readonly port: number }[];
    readonly targetGroups: readonly { readonly healthCheck: { readonly port: number } }[];
  }
  const { loadBalancers } = JSON.parse(readFileSync(join(stateDir, "aws", "load-balancers.json"), "utf8")) as { loadBalancers: Hosted[] };
  const found = loadBalancers.find(({ targetGroups }) => targetGroups.some(({ healthCheck }) => healthCheck.port === 9911));
  return { host: found?.nodes[0]?.address ?? "", port: found?.listeners[0]?.port ?? 0 };
}

/** What a process has printed once it has printed `wanted`. */
function read(process: ChildProcess, wanted: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    process.stdout?.on("data", (chunk: Buffer) => {
      output += chunk.toString("utf8");
      if (wanted.test(output)) resolve(output);
    });
    process.once("exit", (code) => reject(new Error(`the lab ended with ${code ?? "a signal"} before it ran:\n${output}`)));
  });
}

/** What the lab does takes seconds, and asking it takes processor time that it needs. */
function until(what: string, holds: () => Promise<boolean>): Promise<unknown> {
  return waitUntil(what, holds, PATIENCE_MS, 250);
}

function canConnect(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 3000 });
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("timeout", () => socket.destroy(new Error("timeout")));
    socket.on("error", () => resolve(false));
  });
}

import assert from "node:assert/strict";
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { CHROMIUM, type StartedBrowser, startBrowser } from "./browser.ts";

// The page in a real browser, on the scripted outage: what it shows and does without a cluster. What its buttons do to
// a cluster is tested in console-lab.test.ts.
const root = join(import.meta.dirname, "..");

/** Texts of the picture that stick out of the box they stand in. In the page's own language: this file's has no DOM. */
const SPILLING_TEXT = `[...document.querySelectorAll("svg.picture g")].flatMap((group) => {
  const box = group.querySelector(":scope > rect")?.getBoundingClientRect();
  if (box === undefined) return [];
  return [...group.querySelectorAll(":scope > text")].filter((text) => {
    const place = text.getBoundingClientRect();
    return place.right > box.right + 1 || place.left < box.left - 1;
  }).map((text) => text.textContent);
})`;

if (CHROMIUM === undefined) {
  process.stdout.write("not run: the console in a browser (no Chromium; install Debian's package chromium)\n");
} else {
  browserTests(CHROMIUM);
}

function browserTests(executablePath: string): void {
  let started: StartedBrowser;
  let browser: Browser;
  const drivers: ChildProcess[] = [];

  before(async () => {
    execFileSync(process.execPath, ["scripts/build-console.ts"], { cwd: root });
    started = await startBrowser(executablePath);
    ({ browser } = started);
  });

  after(async () => {
    await started.close();
    for (const driver of drivers) driver.kill();
  });

  async function serve(...args: string[]): Promise<{ url: string; driver: ChildProcess }> {
    const driver = spawn(process.execPath, ["src/console/testing/driver.ts", ...args], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
    drivers.push(driver);
    const line = await new Promise<string>((resolve) => driver.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString("utf8"))));
    return { url: line.trim().replace("ready ", ""), driver };
  }

  /** A page whose every console error, exception and refused load is a failure of the test. */
  async function openPage(url: string, options: BrowserContextOptions = {}): Promise<{ page: Page; complaints: string[] }> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith(url)) complaints.push(`outside request: ${request.url()}`);
    });
    await page.goto(url);
    await page.getByTestId("picture").waitFor();
    return { page, complaints };
  }

  test("every break button works by click, shows what is broken, and is put back from there", async () => {
    const { url } = await serve("--quiet", "--from", "5");
    const { page, complaints } = await openPage(url);
    const broken = page.getByTestId("broken-count");
    assert.equal(await broken.textContent(), "nothing to put back");
    for (const [action, fault] of [
      ["flood", "flood"],
      ["kill-api-server", "api-server"],
      ["kill-node", "node"],
    ] as const) {
      await page.getByTestId(`action-${action}`).click();
      await page.getByTestId(`fault-${fault}`).waitFor();
      await page.locator(`[data-testid="action-${action}"]:disabled`).waitFor();
    }
    await page.locator('[data-testid="api-server"][data-state="stopped"]').waitFor();
    await page.locator('[data-testid="node-node-1"][data-state="stopped"]').waitFor();
    for (const fault of ["flood", "api-server", "node"]) {
      await page.getByTestId(`put-back-${fault}`).click();
      await page.getByTestId(`fault-${fault}`).waitFor({ state: "detached" });
    }
    await page.locator('[data-testid="api-server"][data-state="running"]').waitFor();
    await page.getByTestId("target-kill-router").selectOption("hold/node-2");
    await page.getByTestId("action-kill-router").click();
    await page.locator('[data-testid="router-hold-node-2"]:not([data-state="running"])').waitFor();
    await page.getByTestId("notice").getByText("kill-router on hold/node-2").waitFor();
    await page.locator('[data-testid="router-hold-node-2"][data-state="running"]').waitFor();
    await page.getByTestId("action-change-route").click();
    await page.getByTestId("timeline").getByText("route shop.example/new created").waitFor();
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  test("an experiment is seen while it runs, with the proof of its fault, and its verdict when it is over", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-console-"));
    t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
    const run = "20260301T120000Z-7";
    mkdirSync(join(folder, run));
    const tell = (line: object): void =>
      appendFileSync(join(folder, run, "progress.jsonl"), `${JSON.stringify({ at: new Date().toISOString(), ...line })}\n`);
    const { url } = await serve("--quiet", "--experiments", folder);
    const { page, complaints } = await openPage(url);
    assert.equal(await page.getByTestId("experiment").count(), 0, "nothing is shown where there is none");
    tell({ is: "run", run, title: "the shop <b>stays</b>", hypothesis: "the shop answers", target: "lab", pid: process.pid, seed: 1 });
    tell({ is: "phase", phase: "method" });
    const at = new Date().toISOString();
    const fault = {
      id: "fault-1",
      kind: "x",
      label: "SIGSTOP of cart",
      victims: ["cart"],
      witness: "/proc",
      injectedAt: at,
      witnessedAt: at,
      injectedEvidence: "state T",
      revertedAt: null,
      revertedEvidence: null,
      isFinal: false,
      byHand: null,
    };
    tell({ is: "fault", fault });
    for (const isMet of [true, true, false]) tell({ is: "look", when: "during", isMet, probe: "p", answered: "503" });
    await page.getByTestId("experiment-faults").getByText("SIGSTOP of cart seen: state T").waitFor();
    assert.equal(await page.getByTestId("experiment-stage").textContent(), "it is being disturbed");
    assert.equal(await page.locator("#experiment-title").textContent(), "the shop <b>stays</b>");
    await page.getByTestId("experiment-looks").and(page.getByLabel("3 looks, 1 missed")).waitFor();
    assert.equal(await page.locator('[data-testid="experiment-looks"] .is-missed').count(), 1);
    tell({ is: "verdict", verdict: { verdict: "deviated", reasons: ["1 of 3 looks missed"], outageSeconds: 1 } });
    await page.getByTestId("experiment-verdict").getByText("deviated 1 of 3 looks missed").waitFor();
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  test("a load balancer opens to its listeners, certificates, targets with their reasons, and its plan", async () => {
    const { url } = await serve("--from", "32");
    const { page, complaints } = await openPage(url);
    await page.getByTestId("alb-naive").click();
    const drawer = page.getByTestId("load-balancer-drawer");
    await drawer.getByText("hf-scripted-5d0c1f9be204", { exact: true }).waitFor();
    assert.match(
      (await drawer.getByTestId("listeners").textContent()) ?? "",
      /HTTP 80.*redirect to port 443.*HTTPS 443.*default: shop\.example.*valid until 2027-05-02/,
    );
    assert.match(
      (await drawer.getByTestId("targets").textContent()) ?? "",
      /unhealthy.*Target\.ResponseCodeMismatch: Health checks failed/,
    );
    assert.match((await drawer.getByTestId("plan").textContent()) ?? "", /certificate old\.example from port 443/);
    await page.keyboard.press("Escape");
    await page.locator('[data-testid="load-balancer-drawer"][open]').waitFor({ state: "detached" });
    await page.getByTestId("alb-hold").focus();
    await page.keyboard.press("Enter");
    await drawer.getByText("hf-scripted-91b7ae03c6d8", { exact: true }).waitFor();
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  test("all of it can be done by keyboard: break, put back, filter, open and decide a held removal", async () => {
    const { url } = await serve("--from", "32");
    const { page, complaints } = await openPage(url);
    const focused = (): Promise<string> =>
      page.evaluate(`document.activeElement?.getAttribute("data-testid") ?? document.activeElement?.getAttribute("aria-label") ?? ""`);
    const tabTo = async (wanted: RegExp): Promise<void> => {
      for (let presses = 0; presses < 60; presses += 1) {
        await page.keyboard.press("Tab");
        if (wanted.test(await focused())) return;
      }
      assert.fail(`Tab never reaches ${String(wanted)}`);
    };
    await tabTo(/^Filter routes$/);
    await page.keyboard.type("held cart");
    await page.getByTestId("routes-count").getByText("1 of 6").waitFor();
    await tabTo(/why shop.example\/cart is held/);
    await page.keyboard.press("Enter");
    await page.getByTestId("evidence").waitFor();
    assert.match((await page.getByTestId("held-drawer").textContent()) ?? "", /What would release it.*complete lists/);
    await page.keyboard.press("Escape");
    await page.getByTestId("evidence").waitFor({ state: "detached" });
    assert.match(await focused(), /why shop.example\/cart is held/);
    await page.keyboard.press("Enter");
    await tabTo(/^held-reject$/);
    await page.keyboard.press("Enter");
    await page.getByTestId("timeline").getByText("held removal held-1 rejected").waitFor();
    await tabTo(/^action-kill-api-server$/);
    await page.keyboard.press("Space");
    await page.getByTestId("fault-api-server").waitFor();
    await page.getByTestId("put-back-api-server").focus();
    await page.keyboard.press("Enter");
    await page.getByTestId("fault-api-server").waitFor({ state: "detached" });
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  test("the outage is told in numbers, words and shapes, and the verdict is announced", async () => {
    const { url } = await serve("--from", "88", "--speed", "2");
    const { page, complaints } = await openPage(url);
    await page.getByTestId("verdict").waitFor();
    assert.match((await page.getByTestId("verdict").textContent()) ?? "", /held/);
    assert.match((await page.getByTestId("announcement").textContent()) ?? "", /Verdict: held\. 2017 failed [\d,]+ requests/);
    assert.equal(await page.getByTestId("failed-hold").textContent(), "0");
    assert.notEqual(await page.getByTestId("failed-naive").textContent(), "0");
    const told = (await (await fetch(new URL("/api/lanes/naive", url))).json()) as { totals: { failed: number } };
    assert.equal(await page.getByTestId("failed-naive").textContent(), told.totals.failed.toLocaleString("en"));
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  test("an event of the timeline marks its moment in the charts, and again clears it", async () => {
    const { url } = await serve("--from", "40");
    const { page } = await openPage(url);
    const link = page.getByRole("link", { name: /^Mark t \+ 10 s in the charts: flood of pods/ });
    await link.click();
    await page.getByRole("button", { name: /t \+ 10 s marked/ }).waitFor();
    assert.equal(await link.getAttribute("aria-current"), "true");
    await link.click();
    await page.getByRole("button", { name: /marked/ }).waitFor({ state: "detached" });
    await page.context().close();
  });

  test("a server that goes away greys the page at once and says since when; one that comes back revives it", async () => {
    const { url, driver } = await serve("--from", "20");
    const { page } = await openPage(url);
    driver.kill("SIGKILL");
    const lost = page.getByTestId("connection-lost");
    await lost.waitFor({ timeout: 3000 });
    assert.match((await lost.textContent()) ?? "", /Connection lost at \d\d:\d\d:\d\d/);
    assert.match(await page.evaluate<string>(`getComputedStyle(document.querySelector("main")).filter`), /grayscale/);
    await serve("--from", "20", "--port", new URL(url).port);
    await lost.waitFor({ state: "detached", timeout: 15_000 });
    await page.context().close();
  });

  for (const [name, width, height] of [
    ["a phone", 390, 844],
    ["a small phone", 320, 640],
    ["a tablet", 820, 1180],
    ["a laptop", 1280, 800],
    ["a wall", 1920, 1080],
  ] as const) {
    test(`on ${name} nothing is cut off at the side, and where there is room picture and charts stay in sight`, async () => {
      // With a router down, one back from its snapshot, and all watches cut: when the words are longest.
      const { url } = await serve("--from", "51");
      const { page, complaints } = await openPage(url, { viewport: { width, height } });
      assert.equal(await page.evaluate(`document.documentElement.scrollWidth`), width);
      if (width >= 1280) {
        assert.equal(await page.evaluate(`document.documentElement.scrollHeight`), height);
        for (const id of ["picture", "strip-latency-hold", "strip-success-naive"]) {
          const box = await page.getByTestId(id).boundingBox();
          assert.ok(box !== null && box.y >= 0 && box.y + box.height <= height && box.height > 40, id);
        }
      }
      assert.deepEqual(await page.evaluate(SPILLING_TEXT), []);
      assert.deepEqual(complaints, []);
      await page.context().close();
    });
  }

  test("nothing moves for a reader who asked for no motion", async () => {
    const { url } = await serve("--from", "5");
    const { page } = await openPage(url, { reducedMotion: "reduce" });
    await page
      .getByTestId("clock")
      .getByText(/t \+ (?:[7-9]|\d{2,}) s/)
      .waitFor();
    const drops = await page.evaluate<string[]>(`[...document.querySelectorAll(".flow")].map((path) => path.style.strokeDashoffset)`);
    assert.ok(drops.length > 0);
    assert.deepEqual(
      drops.filter((offset) => offset !== ""),
      [],
    );
    assert.equal(await page.evaluate(`document.getAnimations().length`), 0);
    await page.context().close();
  });
}

// Compares the control API with that of the real Toxiproxy, and lets its own CLI drive ours. By hand and in .ci/nightly: bin/node tools/toxiproxy-check.ts
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { API_CASES, comparable } from "../src/experiment/fault-proxy/testing/api-cases.ts";

const folder = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "holdfast", "toxiproxy-2.12.0");
let passed = 0;
let failed = 0;

function check(title: string, isRight: boolean, seen: string): void {
  if (isRight) passed += 1;
  else failed += 1;
  if (!isRight) process.stdout.write(`FAIL ${title}: ${seen}\n`);
}

function build(): boolean {
  mkdirSync(folder, { recursive: true });
  return ["server", "cli"].every((name) => {
    const built = spawnSync("go", ["build", "-trimpath", "-o", join(folder, name), `github.com/Shopify/toxiproxy/v2/cmd/${name}`], {
      cwd: new URL("toxiproxy/", import.meta.url).pathname,
      env: { ...process.env, CGO_ENABLED: "0" },
      encoding: "utf8",
    });
    if (built.status !== 0)
      process.stdout.write(`toxiproxy cannot be built (Go 1.26 or later is needed): ${built.error?.message ?? built.stderr}\n`);
    return built.status === 0;
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function startReal(): Promise<{ readonly child: ChildProcess; readonly control: string }> {
  const port = await freePort();
  const child = spawn(join(folder, "server"), ["-port", String(port)], { stdio: "ignore" });
  const control = `127.0.0.1:${port}`;
  for (let tries = 0; tries < 300; tries++) {
    try {
      await fetch(`http://${control}/version`);
      return { child, control };
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error("toxiproxy does not answer after 30 s");
}

/** The recorded answers are still those of the real server. */
async function compareRecorded(control: string): Promise<void> {
  for (const { method, path, body, status, answer = "" } of API_CASES) {
    const sent = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
    const got = await fetch(`http://${control}${path}`, { method, ...sent });
    const text = await got.text();
    const isSame =
      typeof answer === "string" && answer.startsWith("{") ? text.startsWith(answer) : isDeepStrictEqual(comparable(text), answer);
    check(`${method} ${path} ${JSON.stringify(body) ?? ""}`, got.status === status && isSame, `${got.status} ${text}`);
  }
}

/** Its own command line tool drives ours as it drives its own server, line by line. */
function compareCli(real: string, ours: string): void {
  const commands = [
    ["create", "--listen", "127.0.0.1:0", "--upstream", "127.0.0.1:9", "web"],
    ["list"],
    ["toxic", "add", "--type", "latency", "--attribute", "latency=1000", "--attribute", "jitter=50", "web"],
    ["toxic", "add", "--type", "bandwidth", "--upstream", "--toxicNamed", "narrow", "--toxicity", "0.5", "--attribute", "rate=10", "web"],
    ["toxic", "update", "--toxicName", "narrow", "--attribute", "rate=20", "web"],
    ["inspect", "web"],
    ["toxic", "remove", "--toxicName", "narrow", "web"],
    ["toggle", "web"],
    ["inspect", "web"],
    ["toggle", "web"],
    ["delete", "web"],
    ["inspect", "web"],
  ];
  for (const command of commands) {
    const [wanted, got] = [real, ours].map((host) => {
      const { status, stdout, stderr } = spawnSync(join(folder, "cli"), ["--host", `http://${host}`, ...command], {
        encoding: "utf8",
        timeout: 20_000,
      });
      return `${status}\n${stdout}${stderr}`.replaceAll(/127\.0\.0\.1:\d+/g, "ADDRESS").replaceAll(/ +/g, " ");
    });
    check(`toxiproxy-cli ${command.join(" ")}`, wanted === got, `ours:\n${got}\nits own:\n${wanted}`);
  }
}

if (build()) {
  const { child, control } = await startReal();
  try {
    await compareRecorded(control);
    await fetch(`http://${control}/proxies/c`, { method: "DELETE" });
    const own = spawn(new URL("../bin/holdfast", import.meta.url).pathname, ["fault-proxy", "--control", "127.0.0.1:0"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const line = await new Promise<string>((resolve) => own.stdout.once("data", (text: Buffer) => resolve(text.toString())));
    compareCli(control, /http:\/\/(\S+),/.exec(line)?.[1] ?? "");
    own.kill();
  } finally {
    child.kill();
  }
} else failed += 1;
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

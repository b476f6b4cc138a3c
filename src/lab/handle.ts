import { renameSync, writeFileSync } from "node:fs";
import { identify } from "../kernel/index.ts";
import type { Lab } from "./lab.ts";
import { awsVariables } from "./machines/account.ts";
import { AWS_CONTROL_PORT } from "./network.ts";

/**
 * Writes `lab.json` into the lab's folder: how programs reach the lab, for its owner alone. It is there from when the lab serves to its
 * end; `pid` and `startedAtTicks` tell one that was killed. `networkNamespace`: its id where the lab has one of its own; then everything of it
 * is reached from there only.
 */
export function writeHandle(lab: Lab, console: { readonly url: string; readonly token: string }, networkNamespace: string | null): void {
  const { folder, network } = lab.plan;
  const { pid, startTime } = identify(process.pid);
  const handle = {
    version: 1,
    pid,
    startedAtTicks: startTime,
    networkNamespace,
    kubeconfig: folder.kubeconfig,
    awsEnvironment: awsVariables(lab.plan),
    url: console.url,
    token: console.token,
    awsControl: { url: `http://${network.aws}:${AWS_CONTROL_PORT}`, token: lab.plan.credentials.control },
    network: { cidr: network.vpcCidr, zones: network.zones },
  };
  // Nobody sees half of it.
  writeFileSync(`${folder.handle}.new`, `${JSON.stringify(handle, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${folder.handle}.new`, folder.handle);
}

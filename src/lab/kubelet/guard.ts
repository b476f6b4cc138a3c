import { spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ProcessIdentity, isRunning, signalProcess } from "../../kernel/index.ts";

/** Ends containers that nobody is left to end. */
export interface Guard {
  /** The kubelet has ended its containers itself. */
  dismiss(): void;
}

// $1: the process that starts kubelets; $2: folder of the node; $3: seconds between looks; $4: seconds after its end. The guard that wrote `guard` last is on duty.
// Only groups whose leader carries the container's folder in its environment are killed: process ids are given out again.
const SCRIPT = `
trap : INT HUP
file=$2/guard
on_duty() { read -r pid <"$file" && [ "$pid" = $$ ]; }
while kill -0 "$1"; do sleep "$3"; on_duty || exit 0; done
sleep "$4"
on_duty || exit 0
for found in "$2"/pods/*/containers/*/*/pid; do
  dir=\${found%/pid}
  [ -e "$dir/exit" ] && continue
  read -r shim main <"$found" || continue
  for pid in $shim $main; do
    if tr '\\0' '\\n' <"/proc/$pid/environ" | grep -qxF "HOLDFAST_CONTAINER_DIR=$dir"; then kill -s KILL -- "-$shim"; break; fi
  done
done
rm -f "$file"
`;

/**
 * Starts the node's guard: a shell that outlives the kubelet, looks every `lookSeconds` whether `parentPid` (which would start the
 * kubelet again) still runs, and kills the containers `graceSeconds` after that has ended too. It relieves the guard before it.
 */
export function startGuard(
  stateDir: string,
  parentPid: number,
  seconds: { readonly look: number; readonly grace: number } = { look: 2, grace: 10 },
): Guard {
  const file = join(stateDir, "guard");
  const args = ["-c", SCRIPT, "holdfast-guard", String(parentPid), stateDir, String(seconds.look), String(seconds.grace)];
  const child = spawn("/bin/sh", args, { detached: true, stdio: "ignore", env: { PATH: "/usr/bin:/bin" } });
  child.on("error", () => {});
  child.unref();
  const { pid } = child;
  if (pid !== undefined) writeFileSync(file, `${pid}\n`);
  const identity: ProcessIdentity | undefined = pid === undefined ? undefined : { pid, startTime: "" };
  return {
    dismiss() {
      rmSync(file, { force: true });
      if (identity !== undefined && child.exitCode === null && isRunning(identity)) signalProcess(-identity.pid, "SIGKILL");
    },
  };
}

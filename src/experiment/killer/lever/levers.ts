import { stat } from "node:fs/promises";
import { messageOf } from "../../../kernel/index.ts";
import { type KubeClient, kinds } from "../../../kube/index.ts";
import { HALT, type RecordStore, type Kept } from "../record/record-store.ts";

export interface LeverOptions {
  /** Nobody is killed while it is there. */
  readonly file: string | undefined;
  /** Of the killer itself; its annotation halts. */
  readonly namespace: string;
}

/** What was done before, and why nobody may be killed now, whoever's turn it is. */
export interface LeverReading extends Kept {
  readonly halted: string | undefined;
}

/** Looks at every lever that stops the killer. Rejects when one of them cannot be looked at: then nobody may be killed. */
export async function readLevers(
  { file, namespace }: LeverOptions,
  store: RecordStore,
  client: KubeClient,
  signal: AbortSignal,
): Promise<LeverReading> {
  const [kept, own, isThere] = await Promise.all([
    store.load(signal),
    client.get(kinds.namespaces, { name: namespace }, { signal }),
    file === undefined ? false : exists(file),
  ]);
  const ofNamespace = own.metadata.annotations?.[HALT];
  return {
    ...kept,
    halted: isThere ? `the file ${file ?? ""} is there` : (said("the record", kept.halt) ?? said(`namespace ${namespace}`, ofNamespace)),
  };
}

function said(where: string, reason: string | undefined): string | undefined {
  return reason === undefined ? undefined : `${HALT} on ${where}${reason === "" ? "" : `: ${reason}`}`;
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // A folder that is not there holds no lever, one that may not be looked into might.
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    throw new Error(`--halt-file ${file} cannot be looked at: ${messageOf(error)}`, { cause: error });
  }
}

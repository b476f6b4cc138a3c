import { AppError, messageOf } from "../../../kernel/index.ts";
import { type KubeClient, kinds, statusOf } from "../../../kube/index.ts";
import type { Taken } from "../prey/prey.ts";
import type { PodView } from "../world/pod-view.ts";

export interface TakeOptions {
  /** `evict`: the API server asks the PodDisruptionBudgets. `delete`: it does not. */
  readonly how: "evict" | "delete";
  /** Undefined: the pod's own. */
  readonly graceSeconds: number | undefined;
}

/** Kills the very pod that was looked at: another one of its name is not touched. Never rejects. */
export async function takePod(client: KubeClient, pod: PodView, { how, graceSeconds }: TakeOptions, signal: AbortSignal): Promise<Taken> {
  const { namespace, name, uid } = pod;
  const grace = graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds };
  try {
    if (how === "delete") await client.delete(kinds.pods, { namespace, name }, { ...grace, preconditions: { uid }, signal });
    else {
      const eviction = {
        apiVersion: "policy/v1",
        kind: "Eviction",
        metadata: { namespace, name },
        deleteOptions: { ...grace, preconditions: { uid } },
      };
      await client.createSubresource(kinds.pods, { namespace, name }, "eviction", eviction, { signal });
    }
    return { outcome: "killed", error: undefined };
  } catch (error) {
    return { outcome: isRefusal(error) ? "refused" : "failed", error: messageOf(error) };
  }
}

/** 429 is what the eviction of a pod is answered with that its budget keeps (page "API-initiated Eviction"). */
function isRefusal(error: unknown): boolean {
  return error instanceof AppError && statusOf(error)?.httpStatus === 429;
}

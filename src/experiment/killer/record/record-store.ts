import { AppError } from "../../../kernel/index.ts";
import { type KubeClient, type KubeObject, kinds } from "../../../kube/index.ts";
import { type KillRecord, decodeRecord, encodeRecord } from "./kill-record.ts";

/** On the record's ConfigMap or on the killer's namespace: nobody is killed while it is there. Its text is the reason. */
export const HALT = "holdfast.dev/chaos-halt";
const FIELD = "record.json";

/** What was read at once: what was done, and whether somebody stopped it. */
export interface Kept {
  /** Undefined: there is none yet. */
  readonly record: KillRecord | undefined;
  readonly halt: string | undefined;
}

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** The record in a ConfigMap. Only who has read the newest may write the next one, so that two killers are as one. */
export class RecordStore {
  readonly #client: KubeClient;
  readonly #ref: { readonly namespace: string; readonly name: string };
  #read: ConfigMap | undefined;

  constructor(client: KubeClient, ref: { readonly namespace: string; readonly name: string }) {
    this.#client = client;
    this.#ref = ref;
  }

  /** Rejects when it cannot be read; AppError `CHAOS_RECORD` when it makes no sense. */
  async load(signal: AbortSignal): Promise<Kept> {
    this.#read = undefined;
    try {
      this.#read = await this.#client.get<ConfigMap>(kinds.configMaps, this.#ref, { signal });
    } catch (error) {
      // Only this one proves that there is none.
      if (!(error instanceof AppError && error.code === "KUBE_NOT_FOUND")) throw error;
    }
    const text = this.#read?.data?.[FIELD];
    return { record: text === undefined ? undefined : decodeRecord(text), halt: this.#read?.metadata.annotations?.[HALT] };
  }

  /** On top of what was loaded last. Rejects with AppError `CHAOS_RECORD_CHANGED` when somebody else wrote meanwhile. */
  async save(record: KillRecord, signal: AbortSignal): Promise<void> {
    const { namespace, name } = this.#ref;
    const read = this.#read;
    const wanted: ConfigMap = {
      ...(read ?? {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { namespace, name, labels: { "app.kubernetes.io/managed-by": "holdfast" } },
      }),
      data: { ...read?.data, [FIELD]: encodeRecord(record) },
    };
    try {
      this.#read = await (read === undefined
        ? this.#client.create<ConfigMap>(kinds.configMaps, wanted, { signal })
        : this.#client.replace<ConfigMap>(kinds.configMaps, wanted, { signal }));
    } catch (error) {
      if (!(error instanceof AppError) || !["KUBE_CONFLICT", "KUBE_ALREADY_EXISTS", "KUBE_NOT_FOUND"].includes(error.code)) throw error;
      throw new AppError(
        "CHAOS_RECORD_CHANGED",
        `ConfigMap ${namespace}/${name} was changed by somebody else meanwhile, so that nobody is killed this time`,
        { cause: error },
      );
    }
  }
}

/** Stops all killers of this name, or lets them go on when `reason` is undefined; the record is made when it is not there yet. */
export async function setHalt(
  client: KubeClient,
  ref: { readonly namespace: string; readonly name: string },
  reason: string | undefined,
): Promise<void> {
  const annotations = { [HALT]: reason ?? null };
  try {
    await client.patch(kinds.configMaps, ref, { type: "merge", body: { metadata: { annotations } } });
  } catch (error) {
    if (!(error instanceof AppError && error.code === "KUBE_NOT_FOUND")) throw error;
    if (reason === undefined) return;
    await client.create(kinds.configMaps, { apiVersion: "v1", kind: "ConfigMap", metadata: { ...ref, annotations: { [HALT]: reason } } });
  }
}

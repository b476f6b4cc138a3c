import { gunzipSync, gzipSync } from "node:zlib";
import { AppError, isRecord, messageOf } from "../../kernel/index.ts";
import { type KubeClient, type KubeObject, kinds } from "../../kube/index.ts";
import type { Log } from "../../telemetry/index.ts";
import { type StateOwner, type StateStore, corrupt, decodeState, encodeState } from "./state-store.ts";

/** An API server takes 1 MiB in all of a ConfigMap (page "ConfigMaps"). */
const MOST_BYTES = 900_000;
/** Longer text is compressed. */
const PLAIN_BYTES = 60_000;
const MOST_UNPACKED_BYTES = 64 * 1_048_576;
const PLAIN = "state.json";
const PACKED = "state.json.gz";

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

export interface ConfigMapStoreOptions extends StateOwner {
  readonly namespace: string;
  readonly name: string;
}

export interface ConfigMapStoreDeps {
  readonly kube: KubeClient;
  readonly log: Log;
  /** Throws when this process may not write any more. */
  readonly guard: () => void;
}

/** State in a ConfigMap. Only who has read the newest may write the next one. */
export function createConfigMapStore(options: ConfigMapStoreOptions, { kube, log, guard }: ConfigMapStoreDeps): StateStore {
  const { namespace, name } = options;
  /** Undefined when there was none. */
  let resourceVersion: string | undefined;

  async function read(): Promise<ConfigMap | undefined> {
    try {
      return await kube.get<ConfigMap>(kinds.configMaps, { namespace, name });
    } catch (error) {
      // Only this one proves that there is none.
      if (error instanceof AppError && error.code === "KUBE_NOT_FOUND") return undefined;
      throw error;
    }
  }

  return {
    async load() {
      const found = await read();
      resourceVersion = found?.metadata.resourceVersion;
      if (found === undefined) return new Map();
      try {
        return decodeState(textIn(found), options);
      } catch (error) {
        log.warn({ configMap: `${namespace}/${name}`, reason: messageOf(error) }, "saved state is not used: clocks of removals begin anew");
        return new Map();
      }
    },

    async save(parts) {
      const object = configMapOf(options, encodeState(parts, options), resourceVersion);
      guard();
      try {
        const saved =
          resourceVersion === undefined
            ? await kube.create<ConfigMap>(kinds.configMaps, object)
            : await kube.replace<ConfigMap>(kinds.configMaps, object);
        resourceVersion = saved.metadata.resourceVersion;
      } catch (error) {
        if (!(error instanceof AppError) || !LOST.has(error.code)) throw error;
        throw new AppError(
          "ALB_STATE_CONFLICT",
          `ConfigMap ${namespace}/${name} was changed by somebody else meanwhile; it is read again`,
          { cause: error },
        );
      }
    },
  };
}

const LOST: ReadonlySet<string> = new Set(["KUBE_CONFLICT", "KUBE_ALREADY_EXISTS", "KUBE_NOT_FOUND"]);

function configMapOf({ namespace, name }: ConfigMapStoreOptions, text: string, resourceVersion: string | undefined): ConfigMap {
  const isPlain = Buffer.byteLength(text) <= PLAIN_BYTES;
  const packed = isPlain ? "" : gzipSync(text).toString("base64");
  if (packed.length > MOST_BYTES)
    throw new AppError(
      "ALB_STATE_TOO_LARGE",
      `the state needs ${packed.length} bytes, a ConfigMap has room for ${MOST_BYTES}; share the objects among controllers (--controller-id), or give --state DIR`,
    );
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      namespace,
      name,
      labels: { "app.kubernetes.io/managed-by": "holdfast" },
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    ...(isPlain ? { data: { [PLAIN]: text } } : { binaryData: { [PACKED]: packed } }),
  };
}

/** Throws AppError `ALB_STATE_CORRUPT`. */
function textIn({ data, binaryData }: ConfigMap): string {
  const plain: unknown = isRecord(data) ? data[PLAIN] : undefined;
  if (typeof plain === "string") return plain;
  const packed: unknown = isRecord(binaryData) ? binaryData[PACKED] : undefined;
  if (typeof packed !== "string") throw corrupt(`it has neither ${PLAIN} nor ${PACKED}`);
  try {
    return gunzipSync(Buffer.from(packed, "base64"), { maxOutputLength: MOST_UNPACKED_BYTES }).toString("utf8");
  } catch (error) {
    throw corrupt(`${PACKED} cannot be unpacked: ${messageOf(error)}`, error);
  }
}

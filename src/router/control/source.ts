import type { Clock, Random } from "../../kernel/index.ts";
import type { Registry } from "../../route/index.ts";
import type { Log, MetricsRegistry } from "../../telemetry/index.ts";
import type { GenerationHeader } from "../generation.ts";
import type { HoldDecision } from "../../admin/index.ts";
import type { ControlConfig, ControlStatus } from "../messages.ts";
import type { SnapshotStore } from "../snapshot/store.ts";
import type { Publisher } from "./publisher.ts";
import type { SnapshotWrites } from "./snapshot-writes.ts";

/** Where the control process learns routes from: a file, a cluster, or a cluster believed too easily. */
export interface ControlSource {
  status(): Omit<ControlStatus, "snapshot">;
  /** Resolves to undefined, or to why it could not be done. */
  decide(decision: HoldDecision): Promise<string | undefined>;
  /** Whether the API server answers now; only policy naive asks. */
  apiAnswers(): Promise<boolean>;
}

/** What a source is given. */
export interface SourceDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: MetricsRegistry;
  readonly config: ControlConfig;
  /** What routes may name. */
  readonly registry: Registry;
  readonly store: SnapshotStore | undefined;
  readonly writes: SnapshotWrites;
  readonly publisher: Publisher;
  /** The generation on disk when this process started, which the workers serve. */
  readonly booted: GenerationHeader | undefined;
  /** Told whenever `status` would say something else. */
  readonly onStatus: () => void;
}

import type { Clock, Random } from "../../kernel/index.ts";
import type { Json, JsonObject } from "../document/json.ts";
import type { EvidenceBook } from "../evidence/evidence-book.ts";
import type { FaultKeeper } from "../fault/fault.ts";
import type { Target } from "../target/target.ts";
import type { Values } from "../values/substitute.ts";
import type { ArgumentProblem, ArgumentRules } from "./argument-rules.ts";

/** What a file asks for with `"provider": {"type": "holdfast", "activity": "pods/kill", "arguments": {…}}`. */
export interface NativeActivity {
  /** `pods/kill`, `load/start`, `network/drop`. */
  readonly name: string;
  readonly does: "probe" | "action";
  /** One line, for people; the reference page is made of these. */
  readonly summary: string;
  readonly arguments: ArgumentRules;
  /**
   * What is wrong beyond types, before anything is touched: a pattern that does not compile, a weekday that is none, two arguments that exclude each
   * other. Arguments that hold `${…}` are not there yet: their names are in `open`. Those left out have their defaults.
   */
  check?(given: JsonObject, open?: ReadonlySet<string>): readonly ArgumentProblem[];
  /** `given` is substituted, its types are right, and defaults are filled in. Rejects with `ActivityFailed` (one line). */
  run(given: JsonObject, call: NativeCall): Promise<Json>;
}

/** What an activity may use. */
export interface NativeCall extends NativeContext {
  /** Configuration and secrets of the file. */
  readonly values: Values;
  readonly signal: AbortSignal;
}

/** The same for all activities of a run. */
export interface NativeContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What the experiment is aimed at. */
  readonly target: Target;
  readonly faults: FaultKeeper;
  /** What the journal and the report get. */
  readonly evidence: EvidenceBook;
  readonly clock: Clock;
  /** Whether the command line says that the system's own namespaces may be touched (`--allow-system`); an activity has to name one besides. */
  readonly allowsSystem?: boolean;
  /** Seeded: a run with the same `--seed` takes the same victims. */
  readonly random: Random;
}

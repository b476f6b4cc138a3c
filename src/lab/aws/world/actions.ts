import type { Fields } from "../wire/query-input.ts";
import type { ServiceModel } from "../wire/service-model.ts";
import type { AwsWorld } from "./world.ts";

/** What an action is given beside the world. */
export interface ActionCall {
  readonly input: Fields;
  readonly account: string;
  readonly region: string;
  /** Who asks: an ARN. */
  readonly principal: string;
  /** Unix milliseconds. */
  readonly nowMs: number;
}

/** Answers from a world. Throws AwsError. */
export type Read = (world: AwsWorld, call: ActionCall) => Fields;

/** What an action makes of a world, and its answer. Throws AwsError, and then changed nothing. */
export type Write = (world: AwsWorld, call: ActionCall) => { readonly world: AwsWorld; readonly output: Fields };

/** Pure: the same world and the same moment make the same world. */
export type Step = (world: AwsWorld, nowMs: number) => AwsWorld;

/** A service with the actions that the lab has of it. */
export interface AwsService {
  readonly model: ServiceModel;
  readonly reads: Readonly<Record<string, Read>>;
  readonly writes: Readonly<Record<string, Write>>;
  /** What became of a world by itself until `nowMs`; the same world when nothing did. */
  readonly step?: Step;
}

import type { ChangedPosition, RouteDefinition, RouteSource, VisitName } from "../../route/index.ts";
import { type Delta, misfit } from "../delta.ts";
import type { OpenGeneration } from "../generation.ts";
import { readRouteLine } from "../generation-words.ts";
import { LineDigest } from "../line-digest.ts";

/** The routes of a generation and of the deltas that followed it. Positions behind those of the generation are used again. */
export class ChangingRoutes implements RouteSource {
  readonly #generation: OpenGeneration;
  /** By position, less the generation's size. */
  readonly #lines: (string | undefined)[] = [];
  readonly #free: number[] = [];
  /** Where routes are that came or went since; undefined: nowhere. */
  readonly #moved = new Map<string, number | undefined>();
  #size: number;
  /** How many routes came and went since. */
  changes = 0;
  /** How long the lines were that came since. */
  characters = 0;

  constructor(generation: OpenGeneration) {
    this.#generation = generation;
    this.#size = generation.size;
  }

  get size(): number {
    return this.#size;
  }

  /** Of the generation, as `tellNames`: what came later is told by `change`. */
  get anywhere(): readonly number[] {
    return this.#generation.anywhere;
  }

  /** Of the generation: what came later is not in it. */
  get text(): string {
    return this.#generation.text;
  }

  tellNames(visit: VisitName): void {
    this.#generation.tellNames(visit);
  }

  find(id: string): number | undefined {
    return this.#moved.has(id) ? this.#moved.get(id) : this.#generation.find(id);
  }

  read(position: number): RouteDefinition {
    return readRouteLine(this.#lineAt(position));
  }

  /**
   * Takes a delta, whole or not at all. `positionsAt` says which positions are found by a name, or by none. Throws AppError `ROUTER_DELTA`
   * when it does not fit what is here, or does not lead to where it says.
   */
  change(
    { from, gone, come, header }: Delta,
    positionsAt: (name: string | undefined) => readonly number[],
  ): { readonly gone: readonly ChangedPosition[]; readonly come: readonly ChangedPosition[] } {
    const left = gone.map(({ id, names }) => ({ id, position: this.#locate(id, () => positionsAt(names?.[0])), names }));
    if (this.#size - left.length + come.length !== header.routes) throw misfit("it leads to another number of routes than it says");
    const digest = new LineDigest(from);
    for (const { position } of left) digest.toggle(this.#lineAt(position));
    for (const { line } of come) digest.toggle(line);
    if (digest.hex !== header.routesDigest) throw misfit("it leads to other routes than it says");
    for (const { id, position } of left) {
      this.#moved.set(id, undefined);
      if (position < this.#generation.size) continue;
      this.#lines[position - this.#generation.size] = undefined;
      this.#free.push(position);
    }
    const arrived = come.map(({ id, names, line }) => ({ position: this.#put(id, line), names }));
    this.#size = header.routes;
    this.changes += gone.length + come.length;
    for (const { line } of come) this.characters += line.length;
    return { gone: left, come: arrived };
  }

  #lineAt(position: number): string {
    return this.#lines[position - this.#generation.size] ?? this.#generation.lineAt(position);
  }

  #locate(id: string, candidates: () => readonly number[]): number {
    const position = this.#moved.has(id)
      ? this.#moved.get(id)
      : candidates().find((at) => at < this.#generation.size && this.#generation.isAt(at, id));
    if (position === undefined) throw misfit(`a route that goes is not there: ${id}`);
    return position;
  }

  #put(id: string, line: string): number {
    const position = this.#free.pop() ?? this.#generation.size + this.#lines.length;
    this.#lines[position - this.#generation.size] = line;
    this.#moved.set(id, position);
    return position;
  }
}

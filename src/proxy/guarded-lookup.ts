import { type LookupAddress, lookup as lookUp } from "node:dns";
import type { LookupFunction } from "node:net";
import type { AddressGuard } from "./address-guard.ts";

/** The code of an error about a name all of whose addresses are refused. */
export const ADDRESS_DENIED = "HOLDFAST_ADDRESS_DENIED";
/** The code of an error about a name that nobody had time for. */
export const LOOKUP_LIMIT = "HOLDFAST_LOOKUP_LIMIT";

/** The system looks names up in a few threads that all share: names of requests, which may be slow to be found on purpose, get so many of them. */
const AT_ONCE = 2;
const WAITING = 256;

type Found = (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void;

/**
 * Looks up names that requests brought. What is connected to is what was looked at: a name that has another address a moment later gains
 * nothing.
 */
export class GuardedLookup {
  readonly #guard: AddressGuard;
  readonly #lookUp: typeof lookUp;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(guard: AddressGuard, by: typeof lookUp = lookUp) {
    this.#guard = guard;
    this.#lookUp = by;
  }

  /** For `connect` of node:net. */
  readonly lookup: LookupFunction = (name, options, callback) => {
    const start = (): void => {
      this.#running++;
      this.#lookUp(name, { ...options, all: true }, (error, addresses) => {
        this.#running--;
        this.#waiting.shift()?.();
        this.#sift(name, error, addresses, (failure, allowed) => {
          const [first] = allowed;
          if (failure !== null || first === undefined) callback(failure, "");
          else if (options.all === true) callback(null, [...allowed]);
          else callback(null, first.address, first.family);
        });
      });
    };
    if (this.#running < AT_ONCE) start();
    else if (this.#waiting.length < WAITING) this.#waiting.push(start);
    else process.nextTick(callback, Object.assign(new Error(`no room to look ${name} up`), { code: LOOKUP_LIMIT }), "");
  };

  #sift(name: string, error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[], found: Found): void {
    if (error !== null) {
      found(error, []);
      return;
    }
    const allowed = addresses.filter(({ address }) => this.#guard.isAllowed(address));
    if (allowed.length > 0) found(null, allowed);
    else found(Object.assign(new Error(`${name} has no address that a request may choose`), { code: ADDRESS_DENIED }), []);
  }
}

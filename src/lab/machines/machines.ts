import { AppError, type Clock, type Timer, messageOf } from "../../kernel/index.ts";
import type { Log } from "../../telemetry/index.ts";
import type { Machine } from "../aws/index.ts";
import type { Timeline } from "../timeline.ts";

/** A node of the lab: an instance of its account. */
export interface LabNode {
  /** `node-1`: in the order in which they were launched. Never given again. */
  readonly name: string;
  readonly instanceId: string;
  readonly zone: string;
  readonly address: string;
  readonly privateDnsName: string;
}

/** What is done with a node. None is called while another runs for the same node. */
export interface NodeHands {
  /** It is there now, and off. */
  add(node: LabNode): void;
  /** Resolves when its kubelet runs. */
  boot(node: LabNode): Promise<void>;
  /** Ends its kubelet and all containers at once, without asking. */
  cutPower(node: LabNode): Promise<void>;
  /** It is off, and gone for good. */
  remove(node: LabNode): void;
}

interface Entry {
  readonly node: LabNode;
  readonly number: number;
  instance: Machine;
  /** By hand. */
  isCut: boolean;
  isOn: boolean;
  isGone: boolean;
  work: Promise<void>;
}

const LOOK_MS = 300;

/** The machines of the lab: for each instance that runs in its account there is a kubelet, and for no other. */
export class Machines {
  readonly #read: () => Promise<readonly Machine[]>;
  readonly #hands: NodeHands;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #timeline: Timeline;
  /** By the instance's id. */
  readonly #entries = new Map<string, Entry>();
  readonly #goneListeners: ((node: LabNode) => void)[] = [];
  #numbers = 0;
  #timer: Timer | undefined;
  #isStopped = true;
  #looking: Promise<void> = Promise.resolve();

  constructor(
    read: () => Promise<readonly Machine[]>,
    hands: NodeHands,
    deps: { readonly clock: Clock; readonly log: Log; readonly timeline: Timeline },
  ) {
    this.#read = read;
    this.#hands = hands;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#timeline = deps.timeline;
  }

  /** In the order of their numbers, those that are off too. */
  get nodes(): readonly LabNode[] {
    return [...this.#entries.values()].sort((one, other) => one.number - other.number).map(({ node }) => node);
  }

  /** Called when an instance is terminated and its node is gone. */
  onGone(listener: (node: LabNode) => void): void {
    this.#goneListeners.push(listener);
  }

  start(): void {
    this.#isStopped = false;
    this.#lookAgain(0);
  }

  /** Leaves all machines as they are, and resolves when nothing is being done with any. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#looking;
    await Promise.all([...this.#entries.values()].map(({ work }) => work));
  }

  /** Cuts the power of a node, or gives it back; its instance is not told. Resolves when it is done. @throws AppError LAB_NO_SUCH_NODE */
  async setPower(name: string, isOn: boolean): Promise<void> {
    const entry = [...this.#entries.values()].find(({ node }) => node.name === name);
    if (entry === undefined) throw new AppError("LAB_NO_SUCH_NODE", `the lab has no node ${name} now: its instance is terminated`);
    entry.isCut = !isOn;
    await this.#settle(entry);
  }

  #lookAgain(afterMs: number): void {
    this.#timer = this.#clock.timer(afterMs, () => {
      this.#looking = this.#look().then(() => {
        if (!this.#isStopped) this.#lookAgain(LOOK_MS);
      });
    });
  }

  async #look(): Promise<void> {
    let instances: readonly Machine[];
    try {
      instances = await this.#read();
    } catch (thrown) {
      // The machines run whether or not somebody can say so.
      this.#log.debug({ error: messageOf(thrown) }, "machines not read");
      return;
    }
    if (this.#isStopped) return;
    const found = new Map(instances.filter(({ state }) => state !== "terminated").map((instance) => [instance.id, instance]));
    const order = (one: Machine, other: Machine): number =>
      one.launchedAtMs - other.launchedAtMs || one.zone.localeCompare(other.zone) || one.privateIp.localeCompare(other.privateIp);
    for (const instance of [...found.values()].sort(order)) this.#take(instance);
    for (const [id, entry] of this.#entries) {
      if (found.has(id)) continue;
      entry.isGone = true;
      void this.#settle(entry);
    }
  }

  #take(instance: Machine): void {
    const entry = this.#entries.get(instance.id) ?? this.#add(instance);
    if (instance.interruptedAtMs !== null && entry.instance.interruptedAtMs === null)
      this.#tell(
        `${entry.node.name} has had spot notice`,
        `taken away in ${Math.round((instance.interruptedAtMs - this.#clock.wallMs()) / 1000)} s`,
      );
    entry.instance = instance;
    void this.#settle(entry);
  }

  #add(instance: Machine): Entry {
    this.#numbers += 1;
    const node: LabNode = {
      name: `node-${this.#numbers}`,
      instanceId: instance.id,
      zone: instance.zone,
      address: instance.privateIp,
      privateDnsName: instance.privateDnsName,
    };
    const entry = { node, number: this.#numbers, instance, isCut: false, isOn: false, isGone: false, work: Promise.resolve() };
    this.#entries.set(instance.id, entry);
    this.#hands.add(node);
    return entry;
  }

  /** Brings a node to what it should be now, after what is being done with it. Never rejects: it is tried again with the next look. */
  #settle(entry: Entry): Promise<void> {
    entry.work = entry.work.then(async () => {
      const { node, instance } = entry;
      const isWanted = !entry.isGone && instance.state === "running" && !instance.isZoneLost && !entry.isCut;
      try {
        if (isWanted && !entry.isOn) {
          entry.isOn = true;
          await this.#hands.boot(node);
        } else if (!isWanted && entry.isOn) {
          await this.#hands.cutPower(node);
          entry.isOn = false;
          if (!entry.isCut) this.#tell(`${node.name} is off`, `its instance ${node.instanceId} is ${whyOff(entry)}`);
        }
        if (entry.isGone && this.#entries.delete(node.instanceId)) {
          this.#hands.remove(node);
          for (const listener of this.#goneListeners) listener(node);
        }
      } catch (thrown) {
        this.#log.warn({ node: node.name, error: messageOf(thrown) }, "machine not as it should be");
      }
    });
    return entry.work;
  }

  #tell(event: string, cause: string): void {
    this.#timeline.add({ event, cause, tone: "warning", policy: null });
  }
}

function whyOff({ isGone, instance }: Entry): string {
  if (isGone) return "terminated";
  return instance.isZoneLost ? `in the lost zone ${instance.zone}` : instance.state;
}

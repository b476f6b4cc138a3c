import { AppError, type Clock } from "../../../kernel/index.ts";
import type { ControlRoute } from "../../control/index.ts";
import { AwsError } from "../wire/aws-error.ts";
import type { WorldStore } from "../world/world-store.ts";
import type { AwsWorld } from "../world/world.ts";
import { withSpotNotice, withZoneBack, withZoneLost } from "./interruptions.ts";
import { withState } from "./instance-lifecycle.ts";
import { instance, privateDnsName } from "./instances.ts";
import type { InstanceState } from "./records.ts";

/** An instance as whoever runs it is told: the machine room, which no fault of the API reaches. */
export interface Machine {
  readonly id: string;
  readonly zone: string;
  readonly privateIp: string;
  readonly privateDnsName: string;
  readonly state: InstanceState;
  /** Unix milliseconds. */
  readonly launchedAtMs: number;
  /** When a spot instance that has had notice is taken away; null without one. */
  readonly interruptedAtMs: number | null;
  /** Whether its zone is lost. */
  readonly isZoneLost: boolean;
}

/** `GET /machines`; `POST /machines/ID/spot-notice` and `…/terminate`; `POST /zones/ZONE/lose` and `…/restore`. */
export function machineRoutes(store: WorldStore, clock: Clock): readonly ControlRoute[] {
  const change = (to: Change): void => {
    const nowMs = clock.wallMs();
    store.put(to(store.now, nowMs), nowMs);
  };
  const zoneIn = (params: ReadonlyMap<string, string>): string => {
    const zone = params.get("zone") ?? "";
    if ([...store.now.subnets.values()].some((subnet) => subnet.zone === zone)) return zone;
    throw new AppError("LAB_AWS_ZONE_NOT_FOUND", `no subnet is in zone ${zone}`);
  };
  return [
    { method: "GET", path: "/machines", handle: () => ({ machines: machinesOf(store.now) }) },
    { method: "POST", path: "/machines/:id/spot-notice", handle: ({ params }) => change(ofMachine(params, withSpotNotice)) },
    { method: "POST", path: "/machines/:id/terminate", handle: ({ params }) => change(ofMachine(params, withTermination)) },
    {
      method: "POST",
      path: "/zones/:zone/lose",
      handle: ({ params }) => change((world, nowMs) => withZoneLost(world, zoneIn(params), nowMs)),
    },
    { method: "POST", path: "/zones/:zone/restore", handle: ({ params }) => change((world) => withZoneBack(world, zoneIn(params))) },
  ];
}

type Change = (world: AwsWorld, nowMs: number) => AwsWorld;

/** What befalls one machine. Throws AppError LAB_AWS_INSTANCE_NOT_FOUND. */
function ofMachine(params: ReadonlyMap<string, string>, befall: (world: AwsWorld, id: string, nowMs: number) => AwsWorld): Change {
  const id = params.get("id") ?? "";
  return (world, nowMs) => {
    try {
      return befall(world, id, nowMs);
    } catch (thrown) {
      if (thrown instanceof AwsError) throw new AppError("LAB_AWS_INSTANCE_NOT_FOUND", thrown.message, { cause: thrown });
      throw thrown;
    }
  };
}

function withTermination(world: AwsWorld, id: string, nowMs: number): AwsWorld {
  const record = instance(world, id);
  return record.state === "terminated" ? world : withState(world, record, "shutting-down", nowMs);
}

function machinesOf(world: AwsWorld): readonly Machine[] {
  return [...world.instances.values()].map((record) => ({
    id: record.id,
    zone: record.zone,
    privateIp: record.privateIp,
    privateDnsName: privateDnsName(record, record.zone.slice(0, -1)),
    state: record.state,
    launchedAtMs: record.launchedAtMs,
    interruptedAtMs: record.interruptedAtMs ?? null,
    isZoneLost: world.lostZones.has(record.zone),
  }));
}

import { type AwsWorld, withRecord } from "../world/world.ts";
import { instance } from "./instances.ts";

/** How long after its notice EC2 takes a spot instance away (EC2 guide, "Spot Instance interruption notices"). */
export const SPOT_NOTICE_MS = 120_000;

/** The world in which an instance has had notice. Throws AwsError `InvalidInstanceID.NotFound`. */
export function withSpotNotice(world: AwsWorld, id: string, nowMs: number): AwsWorld {
  const record = instance(world, id);
  return record.interruptedAtMs === undefined
    ? withRecord(world, "instances", id, { ...record, interruptedAtMs: nowMs + SPOT_NOTICE_MS })
    : world;
}

/** The world in which a zone is lost: nothing starts in it, and the status checks of its instances fail. */
export function withZoneLost(world: AwsWorld, zone: string, nowMs: number): AwsWorld {
  return world.lostZones.has(zone) ? world : withRecord(world, "lostZones", zone, nowMs);
}

export function withZoneBack(world: AwsWorld, zone: string): AwsWorld {
  return world.lostZones.has(zone) ? withRecord(world, "lostZones", zone, undefined) : world;
}

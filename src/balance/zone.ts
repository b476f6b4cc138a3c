/** From this many endpoints in a zone on it may carry traffic of its own (Skipper's minEndpointsByZone). */
const LEAST_IN_ZONE = 3;
/** A zone with at least this part of its even share of the endpoints carries its own traffic; the overload that follows is small (the topology hints of Kubernetes allow 20 % as well). */
const TOLERATED = 0.8;

/**
 * Weighs endpoints so that requests stay in zone `own` as far as its endpoints carry its share. Taken is that clients come to all zones
 * evenly: with a third of three zones' endpoints a zone serves itself; with a sixth it takes half of its requests and gives the
 * rest to the others, so that its endpoints get no more than those. With too few, or none of a known zone, everybody serves everybody.
 * `usable`: the zones of the endpoints of `weights`; `all`: those of the pool, the ones left alone included.
 */
export function zoneWeight(
  weights: Float64Array,
  usable: readonly (string | undefined)[],
  all: readonly (string | undefined)[],
  own: string,
): void {
  if (all.includes(undefined)) return;
  let local = 0;
  for (const zone of usable) if (zone === own) local++;
  if (local < LEAST_IN_ZONE || local === usable.length) return;
  const share = (local * new Set(all).size) / usable.length;
  const kept = share >= TOLERATED ? 1 : share;
  // Of all requests `kept` go to the `local` ones, the rest to the others.
  const others = ((1 - kept) / (usable.length - local)) * (local / kept);
  for (let at = 0; at < weights.length; at++) if (usable[at] !== own) weights[at] = (weights[at] as number) * others;
}

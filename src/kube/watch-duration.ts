import type { Random } from "../kernel/index.ts";

/** A bookmark is due every minute; a few seconds later it is late. */
const BOOKMARK_SECONDS = 65;
/** Watches shorter than this would cost more than the lists they save. */
const SHORTEST_SERVER_TIMEOUT_SECONDS = 5;

/**
 * kube-apiserver sends a bookmark every minute, and one about two seconds before a watch ends (k8s.io/apiserver, storage/cacher). Where silence is not borne for
 * a minute, watches are ended before it becomes suspicious, so that a quiet kind moves on in revision instead of growing old until it has to be listed.
 */
export function watchSeconds(
  settings: { readonly watchTimeoutSeconds: number; readonly silenceTimeoutMs: number },
  random: Random,
): number {
  const silenceSeconds = settings.silenceTimeoutMs / 1000;
  const short = Math.floor(silenceSeconds * (0.6 + random.next() / 4));
  if (silenceSeconds >= BOOKMARK_SECONDS || short < SHORTEST_SERVER_TIMEOUT_SECONDS)
    return Math.ceil(settings.watchTimeoutSeconds * (1 + random.next()));
  return short;
}

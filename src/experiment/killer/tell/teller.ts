import { messageOf } from "../../../kernel/index.ts";
import { type KubeObject, objectKey } from "../../../kube/index.ts";
import type { ObjectEvents } from "../../../mirror/index.ts";
import type { Log } from "../../../telemetry/index.ts";
import type { KillerMeter } from "./killer-meter.ts";
import { type Notice, sentenceOf } from "./notice.ts";
import type { Webhook } from "./webhook.ts";

export interface TellerDeps {
  readonly log: Log;
  readonly meter: KillerMeter;
  readonly events: ObjectEvents;
  readonly webhooks: readonly Webhook[];
}

/** Says what came of a victim, in the log, in a metric, by an Event on what makes it again (`object`), and to whoever asked to be told. A dry run says so in each. */
export function tell(notice: Notice, object: KubeObject | undefined, { log, meter, events, webhooks }: TellerDeps): void {
  const { isDry, outcome, victim, owner, uid, error } = notice;
  const fields = { victim, uid, owner: `${owner.kind} ${owner.name}`, dryRun: isDry, outcome };
  if (isDry) log.info(fields, "dry run: somebody would have been killed");
  else if (outcome === "killed") log.info(fields, "somebody was killed");
  else log.warn({ ...fields, error }, "somebody was drawn and not killed");
  meter.victim(notice);
  if (object !== undefined) {
    events.seen(object);
    const reason = isDry ? "ChaosDryRun" : outcome === "killed" ? "Killing" : "NotKilled";
    events.tell(object.kind, objectKey(object.metadata), { type: "Normal", reason, message: `${sentenceOf(notice)} (UID ${uid})` });
  }
  for (const webhook of webhooks)
    webhook.tell(notice).catch((thrown: unknown) => {
      meter.error("notify");
      log.warn({ host: webhook.host, error: messageOf(thrown) }, "a notice was not taken");
    });
}

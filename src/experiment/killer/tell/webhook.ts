import { request } from "undici";
import type { Zone } from "../calendar/zone.ts";
import { dateText, timeText } from "../calendar/zone.ts";
import { type Notice, sentenceOf } from "./notice.ts";

const TIMEOUT_MS = 10_000;

/** Where notices go. */
export interface Webhook {
  /** `hooks.slack.com`: the path may be a secret. */
  readonly host: string;
  /** Rejects when it did not take it. */
  tell(notice: Notice): Promise<void>;
}

/** A message with an attachment, as chaoskube sends it (Slack's incoming webhooks). */
export function slackWebhook(url: string): Webhook {
  return webhook(url, {}, (notice) => {
    const { isDry, namespace, pod, outcome } = notice;
    const short = namespace.length < 20 && pod.length < 20;
    const fields = [
      { title: "namespace", value: namespace, short },
      { title: "pod", value: pod, short },
      { title: "outcome", value: isDry ? "dry run" : outcome, short },
    ];
    const title = isDry ? "Chaos event - dry run" : `Chaos event - ${notice.what === "pod" ? "Pod" : "Instance"} termination`;
    const text = sentenceOf(notice);
    return JSON.stringify({ text, attachments: [{ title, text, fallback: text, footer: "holdfast chaos", color: "#F35A00", fields }] });
  });
}

/** What a message of one's own may say: kube-monkey's placeholders, and ours for the pod, what came of it, and whether it was a dry run. */
export const DEFAULT_MESSAGE =
  '{"what":"kill","dryRun":{$dryrun},"kind":"{$kind}","name":"{$name}","namespace":"{$namespace}","pod":"{$pod}","outcome":"{$outcome}","at":{$timestamp},"error":"{$error}"}';

export interface OwnMessage {
  readonly url: string;
  readonly message: string;
  /** By name; `{$env:NAME}` stands for a variable of the environment. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A message of one's own. Throws nothing; what a placeholder stands for is written as JSON text would have it. */
export function ownWebhook(
  { url, message, headers }: OwnMessage,
  zone: Zone,
  environment: Readonly<Record<string, string | undefined>>,
): Webhook {
  return webhook(url, { ...headers, ...filledHeaders(headers, environment) }, (notice) => {
    const wall = zone.wall(notice.atMs);
    const values: Readonly<Record<string, string>> = {
      name: notice.owner.name,
      kind: notice.owner.kind,
      namespace: notice.namespace,
      pod: notice.pod,
      outcome: notice.outcome,
      dryrun: String(notice.isDry),
      timestamp: String(notice.atMs),
      time: `${timeText(wall.minute)} ${zone.name}`,
      date: dateText(wall),
      error: notice.error ?? "",
      kubemonkeyid: environment["KUBE_MONKEY_ID"] ?? "",
    };
    return message.replaceAll(/\{\$([a-z]+)\}/g, (whole, name: string) =>
      Object.hasOwn(values, name) ? JSON.stringify(values[name]).slice(1, -1) : whole,
    );
  });
}

export function filledHeaders(
  headers: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const filled = Object.entries(headers).map(([name, value]) => [
    name,
    value.replaceAll(/\{\$env:([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, variable: string) => environment[variable] ?? ""),
  ]);
  return Object.fromEntries(filled) as Record<string, string>;
}

function webhook(url: string, headers: Readonly<Record<string, string>>, bodyOf: (notice: Notice) => string): Webhook {
  const { host } = new URL(url);
  return {
    host,
    async tell(notice) {
      const { statusCode, body } = await request(url, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers, "holdfast-chaos-dry-run": String(notice.isDry) },
        body: bodyOf(notice),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await body.dump({ limit: 65_536 });
      if (statusCode < 200 || statusCode > 299) throw new Error(`${host} answered ${statusCode}`);
    },
  };
}

import { type FilterContext, type FilterSpec, defineFilter, fieldNames, isHost, sameName, setField } from "../../route/index.ts";
import type { Answer } from "../authority-client.ts";
import { authorized, challenge, forbidden, redirect, unauthorized } from "../decision.ts";
import { decidingFilter, tell } from "../filter-kit.ts";
import type { AuthRuntime } from "../runtime.ts";
import { authLimits } from "../settings.ts";
import { authorityUrl } from "./authority-url.ts";

const NAME = "webhook";
/** They are about the body, which is not sent, or about this connection. */
const NOT_COPIED = [
  "host",
  "content-length",
  "content-encoding",
  "transfer-encoding",
  "connection",
  "expect",
  "upgrade",
  "keep-alive",
  "te",
  "trailer",
  "accept-encoding",
];

interface Webhook {
  readonly url: string;
  readonly challenge: string;
  /** Fields of its answer that the back end gets. */
  readonly copied: readonly string[];
}

async function judge(context: FilterContext, runtime: AuthRuntime, webhook: Webhook): Promise<void> {
  const { signal, requestHeaders } = context;
  const headers = requestHeaders.filter((_, at) => !NOT_COPIED.some((name) => sameName(requestHeaders[at - (at % 2)] as string, name)));
  let answer: Answer;
  try {
    const timeoutMs = runtime.settings.webhookTimeoutMs;
    answer = await runtime.client.ask(
      { name: NAME, method: "GET", url: webhook.url, headers, timeoutMs, limitBytes: authLimits.answerBytes, isRepeatable: true },
      (given) => given,
    );
  } catch (thrown) {
    tell(runtime, NAME, thrown);
    if (!signal.aborted) unauthorized(context, "auth-service-access", webhook.challenge, NAME);
    return;
  }
  if (signal.aborted) return;
  const { location } = answer.headers;
  if (answer.status === 302 && typeof location === "string") return redirect(context, location, NAME);
  if (answer.status === 403) return forbidden(context, "invalid-access", NAME);
  if (answer.status >= 300) return unauthorized(context, "invalid-access", webhook.challenge, NAME);
  for (const name of webhook.copied) {
    // They are the webhook's words: what the client wrote there does not reach the back end in their place.
    context.dropField("request", name);
    const value = answer.headers[name.toLowerCase()];
    if (value !== undefined) setField(context, "request", name, typeof value === "string" ? value : value.join(", "));
  }
  authorized(context, NAME);
}

/** The filter that asks a service of the user's. */
export function webhookFilter(runtime: AuthRuntime | undefined): FilterSpec {
  return defineFilter({
    name: NAME,
    family: "Who somebody is",
    does: "asks a service whether the request may pass, with GET and the fields of the request: yes for a status below 300, a redirect to its Location for 302, 403 for 403, 401 for others and when it does not answer within `--webhook-timeout`.",
    parameters: [
      { name: "url", type: "text", what: "of the service; its query is shown nowhere", isSecret: "query" },
      {
        name: "fields",
        type: "text",
        what: "of its answer that the back end gets, with commas between; the client's own are taken away",
        occurs: "optional",
      },
    ],
    deviations: [
      "Accept-Encoding and what is about the body is not passed on.",
      "`WWW-Authenticate` is a Bearer challenge (RFC 6750), where Skipper sends the bare host name.",
    ],
    create(args) {
      const url = authorityUrl(args, 0);
      const copied = fieldNames(args, 1);
      if (copied.some(isHost)) throw args.refusal("other fields than Host");
      const webhook = { url, challenge: challenge("Bearer", new URL(url).hostname), copied };
      return decidingFilter(NAME, runtime, (context, live) => judge(context, live, webhook));
    },
  });
}

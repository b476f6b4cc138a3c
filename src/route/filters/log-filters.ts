import type { CallArguments } from "../arguments.ts";
import { unprovenClaims } from "../bearer-claims.ts";
import { isCredential } from "../call-documentation.ts";
import type { BodyWatcher } from "../exchange-state.ts";
import { type FilterLog, type FilterServices, silentFilterLog } from "../filter-services.ts";
import { type Filter, type FilterContext, type FilterSpec, type MessageSide, defineFilter } from "../filter.ts";
import { type HeaderList, getHeader } from "../header-list.ts";
import { asText, fieldsOf } from "./fields.ts";

const TO_LOG = "Lines are JSON on standard error, whatever `--log-level` says; a reader that is behind costs lines, which are counted.";
/** So that a line stays below what a pipe takes in one piece. */
const PIECE_BYTES = 1_024;
const MOST_BYTES = 1_048_576;
const AUDIT_FIELD = "X-Unverified-Audit";
const AUDITED = /^[a-zA-Z0-9_/:?=&%@.#-]*$/;
const INVALID = "<invalid-sub>";

/** A filter that logs. */
abstract class Logging implements Filter {
  protected log: FilterLog = silentFilterLog;

  bind(services: FilterServices, _routeId: string): void {
    this.log = services.log;
  }
}

class HeaderLogging extends Logging {
  readonly #sides: ReadonlySet<MessageSide>;

  constructor(sides: ReadonlySet<MessageSide>) {
    super();
    this.#sides = sides;
  }

  request(context: FilterContext): void {
    this.#tell(context, "request", {});
  }

  response(context: FilterContext): void {
    this.#tell(context, "response", { status: context.responseStatus });
  }

  #tell(context: FilterContext, side: MessageSide, more: object): void {
    if (!this.#sides.has(side)) return;
    const { method, path } = context;
    this.log.tell("logHeader", context.route.id, { message: side, method, path, ...more, fields: shownFields(fieldsOf(context, side)) });
  }
}

/** `Name: value`, without values that let somebody in. */
function shownFields(list: HeaderList): readonly string[] {
  const shown: string[] = [];
  for (let at = 0; at < list.length; at += 2) {
    const name = list[at] as string;
    shown.push(`${name}: ${isCredential(name) ? "***" : asText(list[at + 1] as string)}`);
  }
  return shown;
}

class BodyLogging extends Logging {
  readonly #side: MessageSide;
  readonly #limitBytes: number;

  constructor(side: MessageSide, limitBytes: number) {
    super();
    this.#side = side;
    this.#limitBytes = limitBytes;
  }

  request(context: FilterContext): void {
    if (this.#side === "request") context.watchRequest(this.#watcher(context));
  }

  response(context: FilterContext): void {
    if (this.#side === "response") context.watchResponse(this.#watcher(context));
  }

  #watcher(context: FilterContext): BodyWatcher {
    const { id } = context.route;
    const flowId = asText(getHeader(context.requestHeaders, "x-flow-id") ?? "");
    let left = this.#limitBytes;
    return {
      take: (bytes) => {
        const end = Math.min(left, bytes.length);
        left -= end;
        for (let at = 0; at < end; at += PIECE_BYTES) {
          const body = bytes.toString("utf8", at, Math.min(end, at + PIECE_BYTES));
          this.log.tell("logBody", id, { message: this.#side, flowId, body });
        }
      },
    };
  }
}

class AuditLogging extends Logging {
  #bodyBytes = 0;

  override bind(services: FilterServices, routeId: string): void {
    super.bind(services, routeId);
    this.#bodyBytes = services.auditBodyBytes;
  }

  request(context: FilterContext): void {
    const { method, path, route, state } = context;
    const pieces: Buffer[] = [];
    let left = this.#bodyBytes;
    if (left > 0 && context.hasRequestBody) {
      context.watchRequest({
        take(bytes) {
          if (left === 0) return;
          const end = Math.min(left, bytes.length);
          left -= end;
          pieces.push(Buffer.from(bytes.subarray(0, end)));
        },
      });
    }
    context.onEnd(() => {
      const authStatus = authStatusOf(state);
      this.log.tell("auditLog", route.id, {
        method,
        path,
        status: context.responseStatus,
        ...(authStatus === undefined ? {} : { authStatus }),
        ...(pieces.length === 0 ? {} : { requestBody: Buffer.concat(pieces).toString("utf8") }),
      });
    });
  }
}

/** What filters that ask who somebody is have left. */
function authStatusOf(state: ReadonlyMap<string, unknown>): object | undefined {
  const user = state.get("auth-user");
  const reason = state.get("auth-reject-reason");
  const named = typeof user === "string" && user !== "" ? { user } : {};
  if (typeof reason === "string" && reason !== "") return { ...named, rejected: true, reason };
  return "user" in named ? { ...named, rejected: false } : undefined;
}

function sidesOf(args: CallArguments): ReadonlySet<MessageSide> {
  const sides = args.texts().map((text) => text.toLowerCase());
  const known = sides.filter((side): side is MessageSide => side === "request" || side === "response");
  if (known.length < sides.length) throw args.refusal('"request" or "response"');
  return new Set(known.length === 0 ? ["request"] : known);
}

function auditedClaim(context: FilterContext, claims: readonly string[]): string | undefined {
  const found = unprovenClaims(context);
  if (found === undefined) return undefined;
  for (const claim of claims) {
    const value = Object.hasOwn(found, claim) ? found[claim] : undefined;
    if (typeof value === "string") return AUDITED.test(value) ? value : INVALID;
  }
  return undefined;
}

/** Filters that log what requests and responses say. */
export const logFilters: readonly FilterSpec[] = [
  defineFilter({
    name: "logHeader",
    family: "Diagnosis",
    does: `logs method, path and fields of the request, or status and fields of the response. ${TO_LOG}`,
    parameters: [{ name: "message", type: "text", what: "`request` or `response`; left out: `request`", occurs: "any" }],
    deviations: [
      "Values of Authorization, cookies and fields named like a token, key or password are left out; Skipper leaves out those of Authorization.",
      "Other words are refused; Skipper ignores them.",
    ],
    create: (args) => new HeaderLogging(sidesOf(args)),
  }),
  defineFilter({
    name: "logBody",
    family: "Diagnosis",
    does: `logs the beginning of a body as it passes, with the request's X-Flow-Id, in pieces of up to ${PIECE_BYTES} bytes: that of the request as the client sends it, that of the response as it comes from the back end. ${TO_LOG}`,
    parameters: [
      { name: "message", type: "text", what: "`request` or `response`" },
      { name: "limit", type: "number", what: "of the bytes that are logged of one body", range: [0, MOST_BYTES] },
    ],
    deviations: [
      "The limit has a limit, so that a route cannot fill the disk with one body.",
      "It stands for the message, not for a place among the filters: what others make of a body is not logged.",
    ],
    create(args) {
      const side = args.text(0);
      if (side !== "request" && side !== "response") throw args.refusal('"request" or "response"');
      return new BodyLogging(side, Math.trunc(args.number(1)));
    },
  }),
  defineFilter({
    name: "auditLog",
    family: "Access log",
    does: `logs method, path, status, who filters found to have sent the request, or why they did not let it pass, and the first bytes of its body (\`--max-audit-body\`). ${TO_LOG}`,
    parameters: [],
    deviations: [
      "A request that no back end answers is logged as well, with the status that the client got.",
      "No field is logged, and so no Authorization and no cookie; what a body says of passwords and keys is, unless `--max-audit-body` is 0.",
    ],
    create: () => new AuditLogging(),
  }),
  defineFilter({
    name: "unverifiedAuditLog",
    family: "Access log",
    does: `sets ${AUDIT_FIELD} of the request to a claim of its bearer token, which nobody has proven, and puts it into the line of the access log; \`${INVALID}\` in place of one with other characters than \`A-Z a-z 0-9 _ / : ? = & % @ . # -\`.`,
    parameters: [
      {
        name: "claim",
        type: "text",
        what: "name of a claim; the first that the token has as a text counts; left out: `sub`",
        occurs: "any",
      },
    ],
    deviations: [`${AUDIT_FIELD} of the client is taken away; Skipper adds a line to it.`],
    create(args) {
      const claims = args.length === 0 ? ["sub"] : args.texts();
      return {
        request(context) {
          const audit = auditedClaim(context, claims);
          if (audit === undefined) {
            context.dropField("request", AUDIT_FIELD);
            return;
          }
          context.setField("request", AUDIT_FIELD, audit);
          context.wishes.audit = audit;
        },
      };
    },
  }),
];

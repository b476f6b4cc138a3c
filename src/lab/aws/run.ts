import { randomBytes } from "node:crypto";
import { systemClock } from "../../kernel/index.ts";
import type { Log } from "../../telemetry/index.ts";
import { serveUntil, startControlServer } from "../control/index.ts";
import { CallLog, controlRoutes } from "./control-routes.ts";
import { firstWorld } from "./first-world.ts";
import { tokenBuckets } from "./front/token-buckets.ts";
import { startLabAws } from "./lab-aws.ts";
import { parseLabAwsConfig } from "./parse-config.ts";

/**
 * The lab part `aws`: an account of AWS until `signal` aborts. Writes the line `ready` once it serves. `config` is a
 * `LabAwsConfig` as JSON; what it leaves out takes AWS's default.
 * @throws AppError LAB_AWS_BAD_CONFIG, LAB_AWS_STATE_UNREADABLE, CONTROL_LISTEN
 */
export async function runLabAws(config: unknown, { log, signal }: { readonly log: Log; readonly signal: AbortSignal }): Promise<void> {
  const parsed = parseLabAwsConfig(config);
  const { account, listen, stateFile, timing, dataPlane } = parsed;
  const clock = systemClock;
  const calls = new CallLog(clock);
  const aws = await startLabAws({
    account,
    clock,
    log,
    ...listen,
    first: firstWorld(parsed, clock.wallMs()),
    ...(stateFile === undefined ? {} : { stateFile }),
    keys: new Map(parsed.keys.map(({ id, secret, user }) => [id, { id, secret, principal: `arn:aws:iam::${account}:user/${user}` }])),
    ...(dataPlane === undefined ? {} : { dataPlane }),
    healthOf: () => undefined,
    instances: timing,
    ...timing,
    sts: {
      roles: new Map(),
      verifyToken: () => "invalid",
      newSecret: (characters) => randomBytes(characters).toString("base64url").slice(0, characters),
    },
    buckets: parsed.isThrottled ? tokenBuckets() : new Map(),
    onCall: (call) => calls.add(call),
  });
  try {
    const control = await startControlServer(parsed.control, controlRoutes(aws, calls, clock), log);
    try {
      await serveUntil(signal);
    } finally {
      await control.close();
    }
  } finally {
    await aws.close();
  }
}

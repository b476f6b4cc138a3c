import type { Clock, Random } from "../../kernel/index.ts";
import { type Aws, connectAws } from "../../aws/index.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import type { Target } from "../target/target.ts";

interface AwsDeps {
  readonly target: Target;
  readonly clock: Clock;
  readonly random: Random;
}

/** Calls `use` with the AWS that the run is aimed at: a lab's, or the one that this process's environment names. */
export async function withAws<T>({ target, clock, random }: AwsDeps, use: (aws: Aws) => Promise<T>): Promise<T> {
  const environment = target.awsEnvironment();
  const region = environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"];
  if (region === undefined) throw new ActivityFailed("no AWS: aim at a lab with --lab DIR, or set AWS_REGION and credentials");
  const endpoint = environment["AWS_ENDPOINT_URL"];
  const accessKeyId = environment["AWS_ACCESS_KEY_ID"];
  const secretAccessKey = environment["AWS_SECRET_ACCESS_KEY"];
  const sessionToken = environment["AWS_SESSION_TOKEN"];
  const credentials =
    accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : { credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) } };
  const aws = connectAws({ region, ...(endpoint === undefined ? {} : { endpoint }), ...credentials }, { clock, random });
  try {
    return await use(aws);
  } finally {
    aws.close();
  }
}

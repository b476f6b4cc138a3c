import type { TestContext } from "node:test";
import { type Aws, type AwsOptions, connectAws } from "../../../aws/index.ts";
import { seededRandom, systemClock } from "../../../kernel/index.ts";
import { LAB_KEY, REGION, type TestAccount, type TestAccountOptions, testAccount } from "./test-account.ts";

/** An account on the machine's clock, and our client of it. */
export interface AwsWithClient {
  readonly account: TestAccount;
  readonly aws: Aws;
}

/** Attempts take at most a second, calls four: tests of faults wait for them. The pace is not AWS's. */
export async function awsWithClient(
  t: TestContext,
  options: { readonly account?: TestAccountOptions; readonly client?: AwsOptions } = {},
): Promise<AwsWithClient> {
  const account = await testAccount(t, { realClock: systemClock, ...options.account });
  return { account, aws: sdkClientOf(t, account, options.client) };
}

/** A client of an account that lives on the machine's clock. */
export function sdkClientOf(t: TestContext, account: TestAccount, options: AwsOptions = {}): Aws {
  const credentials = { accessKeyId: LAB_KEY.id, secretAccessKey: LAB_KEY.secret };
  const aws = connectAws(
    { region: REGION, endpoint: account.url, credentials, times: { timeoutMs: 4_000, attemptTimeoutMs: 1_000 }, share: 100, ...options },
    { clock: systemClock, random: seededRandom(1) },
  );
  t.after(() => aws.close());
  return aws;
}

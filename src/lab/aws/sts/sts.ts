import { readServiceModel } from "../wire/service-model.ts";
import type { AwsService, Read } from "../world/actions.ts";

const getCallerIdentity: Read = (_world, { account, principal }) => ({ UserId: "AIDALAB", Account: account, Arn: principal });

/** AWS Security Token Service, version 2011-06-15. */
export function sts(): AwsService {
  return { model: readServiceModel("sts"), reads: { GetCallerIdentity: getCallerIdentity }, writes: {} };
}

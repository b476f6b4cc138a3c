import { readServiceModel } from "../wire/service-model.ts";
import type { AwsService } from "../world/actions.ts";
import { addTagsToCertificate, deleteCertificate, importCertificate } from "./changes.ts";
import { describeCertificate, listCertificates, listTagsForCertificate } from "./describe.ts";
import { requestCertificate } from "./request.ts";

/** AWS Certificate Manager, version 2015-12-08, with certificates that were imported or requested. */
export function acm(timing: { readonly validationMs: number }): AwsService {
  return {
    model: readServiceModel("acm"),
    reads: {
      ListCertificates: listCertificates,
      DescribeCertificate: describeCertificate,
      ListTagsForCertificate: listTagsForCertificate,
    },
    writes: {
      RequestCertificate: requestCertificate(timing),
      ImportCertificate: importCertificate,
      DeleteCertificate: deleteCertificate,
      AddTagsToCertificate: addTagsToCertificate,
    },
  };
}

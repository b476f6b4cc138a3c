import { X509Certificate } from "node:crypto";
import type * as sdk from "@aws-sdk/client-iam";
import { AppError, messageOf } from "../../kernel/index.ts";
import { certificateHosts } from "../../x509/index.ts";
import type { AnswerFields } from "../answer-fields.ts";
import type { CertificateRecord, Certificates } from "../certificate-record.ts";
import { type Paging, type Service } from "../service.ts";
import { sideBySide } from "../side-by-side.ts";

const PAGE = 100;
const AT_A_TIME = 2;

interface Metadata {
  readonly arn: string;
  readonly name: string;
  /** A certificate that is uploaded again under the same name has another. */
  readonly id: string;
}

/** The server certificates of IAM, from before there was ACM. */
export class IamApi {
  readonly #service: Service<sdk.IAM>;
  /** By id: what a certificate says does not change. */
  readonly #read = new Map<string, CertificateRecord>();

  constructor(service: Service<sdk.IAM>) {
    this.#service = service;
  }

  /** Tags are those that they had when they were first read. */
  async certificates(): Promise<Certificates> {
    const all = await this.#list();
    const ids = new Set(all.map(({ id }) => id));
    for (const id of this.#read.keys()) if (!ids.has(id)) this.#read.delete(id);
    const results = await sideBySide(all, AT_A_TIME, async ({ id, name }) => this.#read.get(id) ?? this.#certificate(name, id));
    return {
      certificates: results.flatMap((result) => ("value" in result ? [result.value] : [])),
      unreadable: results.flatMap((result, at) =>
        "error" in result && result.error.code !== "AWS_NOT_FOUND" ? [{ arn: all[at]?.arn ?? "", error: result.error }] : [],
      ),
    };
  }

  /** By its name, now. Rejects with `AWS_NOT_FOUND` when it is gone. */
  async certificate(name: string): Promise<CertificateRecord> {
    return this.#certificate(name, undefined);
  }

  async #certificate(name: string, id: string | undefined): Promise<CertificateRecord> {
    const record = await this.#service.call(
      "GetServerCertificate",
      "read",
      (client, options) => client.getServerCertificate({ ServerCertificateName: name }, options),
      (answer) => {
        const fields = answer.structure("ServerCertificate");
        const { arn } = readMetadata(fields.structure("ServerCertificateMetadata"));
        return { arn, ...parsed(fields.text("CertificateBody"), arn), keyAlgorithm: undefined, tags: fields.tags("Tags") };
      },
    );
    if (id !== undefined) this.#read.set(id, record);
    return record;
  }

  #list(): Promise<readonly Metadata[]> {
    const pages: Paging<Metadata> = {
      entries: "ServerCertificateMetadataList",
      read: readMetadata,
      keyOf: ({ id }) => id,
      next: (answer) => (answer.flag("IsTruncated") ? answer.text("Marker") : undefined),
    };
    return this.#service.list("ListServerCertificates", pages, (client, Marker, options) =>
      client.listServerCertificates({ Marker, MaxItems: PAGE }, options),
    );
  }
}

function readMetadata(fields: AnswerFields): Metadata {
  return { arn: fields.text("Arn"), name: fields.text("ServerCertificateName"), id: fields.text("ServerCertificateId") };
}

function parsed(body: string, arn: string): Pick<CertificateRecord, "names" | "status" | "notBeforeMs" | "notAfterMs"> {
  try {
    const certificate = new X509Certificate(body);
    return {
      names: certificateHosts(certificate),
      status: "ISSUED",
      notBeforeMs: certificate.validFromDate.getTime(),
      notAfterMs: certificate.validToDate.getTime(),
    };
  } catch (error) {
    throw new AppError("AWS_UNREADABLE", `the body of ${arn} is no certificate: ${messageOf(error)}`);
  }
}

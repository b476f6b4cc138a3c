import { type FilterSpec, defineFilter } from "../filter.ts";
import { setField } from "./fields.ts";

const FIELD = "X-Forwarded-Tls-Client-Cert";

/** Filters about the certificate that a client proved to hold the key of. */
export const certificateFilters: readonly FilterSpec[] = [
  defineFilter({
    name: "tlsPassClientCertificates",
    family: "Fields of the request",
    does: `sets ${FIELD} to the client's certificate, as PEM without its first and last line and line ends.`,
    parameters: [],
    deviations: [
      `What the client itself sent as ${FIELD} is taken away. Certificates between the client's and its authority are not passed on.`,
    ],
    create: () => ({
      request(context) {
        const { clientCertificate } = context;
        if (clientCertificate === undefined) context.dropField("request", FIELD);
        else setField(context, "request", FIELD, clientCertificate.raw.toString("base64"));
      },
    }),
  }),
];

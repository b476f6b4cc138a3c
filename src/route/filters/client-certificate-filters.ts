import { type ClientCertificate, type FilterContext, type FilterSpec, defineFilter } from "../filter.ts";
import { AddressRanges } from "../address-ranges.ts";
import type { CallArguments } from "../arguments.ts";
import type { Parameter } from "../call-documentation.ts";

const FORBIDDEN = Buffer.from("403 Forbidden\n");
const HEADERS = ["Content-Type", "text/plain; charset=utf-8", "Cache-Control", "no-store"];

/** The lines of a distinguished name that Node writes one attribute a line, `CN=client`, as RFC 4514 has them: in one line, the last first. */
function distinguishedName(lines: string): string {
  return lines.split("\n").toReversed().join(",");
}

/** The one common name; undefined when there is none, or several: nobody knows which one counts. */
function commonName({ subject }: ClientCertificate): string | undefined {
  const names = subject.split("\n").filter((line) => line.startsWith("CN="));
  return names.length === 1 ? names[0]?.slice(3) : undefined;
}

/** The alternative names of one kind. Node quotes as JSON those that could be taken for several; such a name is none of ours. */
function alternativeNames({ subjectAltName }: ClientCertificate, kind: "DNS" | "IP Address" | "URI"): readonly string[] {
  if (subjectAltName === undefined || subjectAltName.includes('"')) return [];
  return subjectAltName.split(", ").flatMap((entry) => (entry.startsWith(`${kind}:`) ? [entry.slice(kind.length + 1)] : []));
}

type Test = (certificate: ClientCertificate) => boolean;

/** The filter that lets pass only who showed a certificate of which `test` holds. */
function certificateFilter(
  name: string,
  whose: string,
  parameters: readonly Parameter[],
  testOf: (args: CallArguments) => Test,
  deviations: readonly string[] = [],
): FilterSpec {
  return defineFilter({
    name,
    family: "Who somebody is",
    does: `lets through clients ${whose}; 403 for others, and for all on a listener that asks for no certificate (\`--tls-client-ca\`).`,
    parameters,
    deviations,
    create(args) {
      const test = testOf(args);
      return {
        request(context: FilterContext) {
          const { clientCertificate } = context;
          if (clientCertificate === undefined || !test(clientCertificate)) context.respond(403, HEADERS, FORBIDDEN);
        },
      };
    },
  });
}

function text(name: string, what: string): readonly Parameter[] {
  return [{ name, type: "text", what, occurs: "repeated" }];
}

function ranges(args: CallArguments): Test {
  const blocks = new AddressRanges();
  for (const range of args.texts()) if (!blocks.add(range)) throw args.refusal("addresses or CIDR blocks as in 10.0.0.0/8");
  return (certificate) => alternativeNames(certificate, "IP Address").some((address) => blocks.has(address));
}

const QUOTED = "A certificate with a name that could be read as several is refused.";

/** Filters that look at the certificate which a client proved to hold the key of; an authority of the listener vouches for it. */
export const clientCertificateFilters: readonly FilterSpec[] = [
  certificateFilter("mtlsAuthn", "with a certificate of an authority of `--tls-client-ca`", [], () => () => true),
  certificateFilter(
    "mtlsIssuerDN",
    "whose certificate has one of these issuers",
    text("dn", "distinguished name as RFC 4514 writes it, `CN=ca,O=shop,C=DE`"),
    (args) => {
      const names = new Set(args.texts());
      return ({ issuer }) => names.has(distinguishedName(issuer));
    },
  ),
  certificateFilter(
    "mtlsCN",
    "whose certificate has one of these common names",
    text("cn", "common name of the subject"),
    (args) => {
      const names = new Set(args.texts());
      return (certificate) => names.has(commonName(certificate) ?? "");
    },
    ["A certificate with several common names is refused."],
  ),
  certificateFilter(
    "mtlsSanDNS",
    "whose certificate has one of these alternative names",
    text("name", "DNS name"),
    (args) => {
      const names = new Set(args.texts().map((name) => name.toLowerCase()));
      return (certificate) => alternativeNames(certificate, "DNS").some((name) => names.has(name.toLowerCase()));
    },
    [QUOTED],
  ),
  certificateFilter(
    "mtlsSanURI",
    "whose certificate has one of these URIs as alternative name",
    text("uri", "as in `spiffe://shop/web`"),
    (args) => {
      const names = new Set(args.texts());
      return (certificate) => alternativeNames(certificate, "URI").some((name) => names.has(name));
    },
    [QUOTED],
  ),
  certificateFilter(
    "mtlsSanIP",
    "whose certificate has one of these addresses as alternative name",
    text("address", "IPv4 or IPv6"),
    (args) => {
      if (args.texts().some((address) => address.includes("/"))) throw args.refusal("addresses without a length; mtlsSanCIDR takes blocks");
      return ranges(args);
    },
    [QUOTED],
  ),
  certificateFilter(
    "mtlsSanCIDR",
    "whose certificate has an address in one of these blocks as alternative name",
    text("block", "as in `10.0.0.0/8`"),
    ranges,
    [QUOTED],
  ),
];

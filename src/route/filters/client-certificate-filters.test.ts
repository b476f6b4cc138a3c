import { equal, match } from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { parseEskip } from "../eskip-parser.ts";
import { runRequestFilters } from "../filter.ts";
import { RehearsedExchange, RehearsedInput } from "../rehearsed-exchange.ts";
import { standardRegistry } from "../standard.ts";
import { compileTable } from "../table.ts";
import { problemOf } from "../testing/calls.ts";
import { rehearsedRequest } from "../testing/requests.ts";

// Made by openssl: O=Shop, CN=client, of C=DE, O="Shop, Inc", CN=ca; names Client.example.org, b.example.org, 10.1.2.3, 2001:db8::1, spiffe://shop/web.
const client = new X509Certificate(`
-----BEGIN CERTIFICATE-----
MIIB7jCCAZWgAwIBAgIURNnkDq+0dG0eY0L6MLUVbeLqAR8wCgYIKoZIzj0EAwIw
LjELMAkGA1UEBhMCREUxEjAQBgNVBAoMCVNob3AsIEluYzELMAkGA1UEAwwCY2Ew
IBcNMjYxMTIzMTM1ODM5WhgPMjEyNjEwMzAxMzU4MzlaMCAxDTALBgNVBAoMBFNo
b3AxDzANBgNVBAMMBmNsaWVudDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABIs+
6cSOUBmOHuCThTecjxJmgO+fARdFUW7oZiNMp9k/KfN+vJxtKFvxi6vMAOg8ekH/
96sFilYkw0pzGLEwNoujgZwwgZkwVwYDVR0RBFAwToISQ2xpZW50LmV4YW1wbGUu
b3Jngg1iLmV4YW1wbGUub3JnhwQKAQIDhxAgAQ24AAAAAAAAAAAAAAABhhFzcGlm
ZmU6Ly9zaG9wL3dlYjAdBgNVHQ4EFgQUeYDHdP0gaxqhHNF6Y0+rPOc97pswHwYD
VR0jBBgwFoAUDgqi5xUcBUXkhdxxEPEz3AgHzXUwCgYIKoZIzj0EAwIDRwAwRAIg
fGsJYHki7vJQYHgpnxiG3cbB1kAot4JtWmfKpSdcuqICIHujIYAxefJIRZlKA41A
ogjRHgyl2lB1MpfG5cMAsMC3
-----END CERTIFICATE-----
`);
// CN=client, CN=root; one DNS name that reads like two: "a.example.org, DNS:b.example.org".
const forged = new X509Certificate(`
-----BEGIN CERTIFICATE-----
MIIBwDCCAWegAwIBAgIUfBwWiZ0RV3GqQfoga8Rwh4DhkqswCgYIKoZIzj0EAwIw
LjELMAkGA1UEBhMCREUxEjAQBgNVBAoMCVNob3AsIEluYzELMAkGA1UEAwwCY2Ew
IBcNMjYxMTIzMTM1ODQwWhgPMjEyNjEwMzAxMzU4NDBaMCAxDzANBgNVBAMMBmNs
aWVudDENMAsGA1UEAwwEcm9vdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHE4
w2Tob2YHxOV4k8hdfJp6QErKXsVKUqtw+wKaBRMW7MTZot0j8SfWUYUZy51k0qtf
QDaIYFUEgtTszzyahh2jbzBtMCsGA1UdEQQkMCKCIGEuZXhhbXBsZS5vcmcsIERO
UzpiLmV4YW1wbGUub3JnMB0GA1UdDgQWBBQmDVl2xvHc25OlD5L0mmlRSTlXfjAf
BgNVHSMEGDAWgBQOCqLnFRwFReSF3HEQ8TPcCAfNdTAKBggqhkjOPQQDAgNHADBE
AiBrclxjxAuR9l6F6ftziHo37zIFcMvGK7Sdt3eCIhWhuQIgXV7yc2l4ixLpXwES
gCWjkz6njUh/xyAZujKla24CFI8=
-----END CERTIFICATE-----
`);

/** The status that a client with this certificate gets; 200 when it passes. */
function statusOf(filter: string, certificate: X509Certificate | undefined): number {
  const { table, problems } = compileTable(parseEskip(`* -> ${filter} -> "http://10.0.0.1"`, "test"), standardRegistry);
  if (problems.length > 0) throw new Error(problems[0]?.message);
  const request = rehearsedRequest();
  const input = new RehearsedInput(request, "/");
  const route = table.match(input);
  if (route === undefined) throw new Error("no route");
  const exchange = Object.assign(new RehearsedExchange(request, route, "/", input), { clientCertificate: certificate });
  runRequestFilters(route.filters, exchange);
  return exchange.responded ? exchange.responseStatus : 200;
}

test("clients pass by what an authority says of them in their certificate", () => {
  for (const filter of [
    "mtlsAuthn()",
    'mtlsIssuerDN("CN=x", "CN=ca,O=Shop\\\\, Inc,C=DE")',
    'mtlsCN("other", "client")',
    'mtlsSanDNS("client.example.org")',
    'mtlsSanDNS("x.example.org", "B.EXAMPLE.ORG")',
    'mtlsSanURI("spiffe://shop/web")',
    'mtlsSanIP("10.1.2.3")',
    'mtlsSanIP("2001:db8:0::1")',
    'mtlsSanCIDR("192.0.2.0/24", "10.0.0.0/8")',
    'mtlsSanCIDR("2001:db8::/32")',
  ]) {
    equal(statusOf(filter, client), 200, filter);
    equal(statusOf(filter, undefined), 403, filter);
  }
  for (const filter of [
    'mtlsIssuerDN("C=DE,O=Shop\\\\, Inc,CN=ca")',
    'mtlsIssuerDN("CN=ca")',
    'mtlsCN("Client")',
    'mtlsCN("")',
    'mtlsSanDNS("10.1.2.3")',
    'mtlsSanDNS("example.org")',
    'mtlsSanURI("spiffe://shop")',
    'mtlsSanIP("10.1.2.4")',
    'mtlsSanCIDR("10.2.0.0/16")',
  ])
    equal(statusOf(filter, client), 403, filter);
});

test("a certificate that could be read in two ways lets nobody pass", () => {
  for (const filter of ['mtlsCN("client", "root")', 'mtlsSanDNS("b.example.org", "a.example.org")', 'mtlsSanDNS("b.example.org\\"")'])
    equal(statusOf(filter, forged), 403, filter);
  equal(statusOf("mtlsAuthn()", forged), 200);
});

test("what is no address or block is refused", () => {
  match(problemOf('mtlsSanCIDR("10.0.0.0/33")'), /addresses or CIDR blocks/);
  match(problemOf('mtlsSanIP("10.0.0.0/8")'), /mtlsSanCIDR/);
  match(problemOf("mtlsCN()"), /expected \(cn, …\)/);
});

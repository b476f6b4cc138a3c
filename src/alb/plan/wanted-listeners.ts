import type { ListenPort, LoadBalancerKind, Wishes } from "../model/claim.ts";
import type { AlbSettings } from "../settings.ts";
import type { WantedAction, WantedListener } from "./resolved.ts";

/** The listeners that an object names, or else the controller's; by port. A port that is named twice is the first one's. */
export function wantedListeners(
  kind: LoadBalancerKind,
  wishes: Wishes,
  certificates: readonly string[],
  settings: Pick<AlbSettings, "httpPort" | "httpsPort" | "nlbHttp" | "redirectHttp" | "sslPolicy">,
  tell: (reason: string, message: string) => void,
): readonly WantedListener[] {
  const ports = new Map<number, ListenPort["protocol"]>();
  for (const { port, protocol } of wishes.listenPorts ?? defaultPorts(kind, settings)) {
    const fitting = protocolFor(kind, protocol);
    if (ports.has(port)) tell("PortTwice", `port ${port} stands twice in listen-ports: its first protocol counts`);
    else ports.set(port, fitting);
  }
  const redirectTo = redirectPort(kind, wishes, ports, settings, tell);
  return [...ports]
    .toSorted(([one], [other]) => one - other)
    .map(([port, protocol]) => {
      const isSecure = protocol === "HTTPS" || protocol === "TLS";
      const action: WantedAction =
        protocol === "HTTP" && redirectTo !== undefined
          ? { type: "redirect", toPort: redirectTo, status: "HTTP_301" }
          : { type: "forward" };
      return {
        port,
        protocol,
        sslPolicy: isSecure ? (wishes.sslPolicy ?? settings.sslPolicy) : undefined,
        certificates: isSecure ? certificates.toSorted() : [],
        action,
      };
    });
}

/** HTTP and HTTPS, TCP and TLS mean the same thing to a load balancer that reads requests and to one that does not. */
function protocolFor({ type }: LoadBalancerKind, protocol: ListenPort["protocol"]): ListenPort["protocol"] {
  const isSecure = protocol === "HTTPS" || protocol === "TLS";
  if (type === "network") return isSecure ? "TLS" : "TCP";
  return isSecure ? "HTTPS" : "HTTP";
}

function defaultPorts(
  { type }: LoadBalancerKind,
  { httpPort, httpsPort, nlbHttp }: Pick<AlbSettings, "httpPort" | "httpsPort" | "nlbHttp">,
): readonly ListenPort[] {
  if (type === "network") return [...(nlbHttp ? [{ protocol: "TCP", port: httpPort } as const] : []), { protocol: "TLS", port: httpsPort }];
  return [
    { protocol: "HTTP", port: httpPort },
    { protocol: "HTTPS", port: httpsPort },
  ];
}

function redirectPort(
  { type }: LoadBalancerKind,
  { redirectToPort }: Wishes,
  ports: ReadonlyMap<number, ListenPort["protocol"]>,
  { redirectHttp, httpsPort }: Pick<AlbSettings, "httpsPort" | "redirectHttp">,
  tell: (reason: string, message: string) => void,
): number | undefined {
  if (redirectToPort === undefined) return redirectHttp && ports.get(httpsPort) === "HTTPS" ? httpsPort : undefined;
  if (type === "application" && ports.get(redirectToPort) === "HTTPS") return redirectToPort;
  tell(
    "RedirectImpossible",
    type === "network"
      ? "a network load balancer reads no requests and redirects none: leave ssl-redirect out, or ask for an application load balancer"
      : `requests cannot be redirected to port ${redirectToPort}, which is no HTTPS port of listen-ports: add {"HTTPS":${redirectToPort}}`,
  );
  return undefined;
}

import { STATUS_CODES, type ServerResponse } from "node:http";

/** What the load balancer says itself, in the form and with the `Server: awselb/2.0` of a real one. */
export function sendOwnAnswer(response: ServerResponse, status: number, extra: readonly (readonly [string, string])[] = []): void {
  const title = `${status} ${STATUS_CODES[status] ?? ""}`.trim();
  const body = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`;
  sendOwn(response, status, { contentType: "text/html", body, extra });
}

export interface OwnContent {
  readonly contentType: string;
  readonly body: string;
  readonly extra: readonly (readonly [string, string])[];
}

export function sendOwn(response: ServerResponse, status: number, content: OwnContent): void {
  if (response.headersSent || response.destroyed) return;
  response.statusCode = status;
  response.setHeader("server", "awselb/2.0");
  response.setHeader("content-type", content.contentType);
  response.setHeader("content-length", Buffer.byteLength(content.body));
  for (const [name, value] of content.extra) response.setHeader(name, value);
  response.end(content.body);
}

/** The same for a connection that is no longer HTTP's: a malformed request, a refused upgrade. It closes the connection. */
export function ownAnswerText(status: number): string {
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nServer: awselb/2.0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
}

import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** A way to an account that notes the actions that go by it. */
export interface CountedCalls {
  readonly endpoint: string;
  readonly actions: readonly string[];
  close(): Promise<void>;
}

/** Puts right what an account answers otherwise than AWS. */
export type Mend = (call: { readonly action: string; readonly asked: string; readonly answered: string }) => string;

export async function countCalls(to: string, mend?: Mend): Promise<CountedCalls> {
  const actions: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const pass = async (): Promise<void> => {
      const body = await buffer(incoming);
      const asked = body.toString("latin1");
      const action = actionOf(incoming.headers["x-amz-target"], incoming.url ?? "", asked);
      actions.push(action);
      const { method, headers, url } = incoming;
      const sent = request(to + (url ?? "/"), { method, headers, agent: false }, (response) => {
        buffer(response).then(
          (answer) => {
            const bytes = mend === undefined ? answer : Buffer.from(mend({ action, asked, answered: answer.toString("latin1") }), "latin1");
            const { "transfer-encoding": _chunked, ...kept } = response.headers;
            outgoing.writeHead(response.statusCode ?? 502, { ...kept, "content-length": bytes.length });
            outgoing.end(bytes);
          },
          () => outgoing.destroy(),
        );
      });
      sent.once("error", () => outgoing.destroy());
      sent.end(body);
    };
    pass().catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    actions,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** JSON says it in a header, the Query protocols in a parameter, CBOR in the path. */
function actionOf(target: string | readonly string[] | undefined, url: string, body: string): string {
  if (typeof target === "string") return target.slice(target.indexOf(".") + 1);
  return new URLSearchParams(body).get("Action") ?? /\/operation\/(\w+)/.exec(url)?.[1] ?? `? ${url}`;
}

import { once } from "node:events";
import { connect } from "node:tls";

/** The common name of the certificate that a server on this port of 127.0.0.1 shows for a name; undefined without a handshake. */
export async function servedSubject(port: number, servername: string, ca: string): Promise<string | undefined> {
  const socket = connect({ port, host: "127.0.0.1", ca, servername });
  try {
    await once(socket, "secureConnect");
    return String(socket.getPeerCertificate().subject.CN);
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}

import { notice } from "./store.ts";

const TIMEOUT_MS = 10_000;

/** The token stands in the page (loopback) or came after the `#` of the address that was printed (elsewhere). */
function readToken(): string {
  const inPage = document.querySelector<HTMLMetaElement>('meta[name="holdfast-token"]')?.content ?? "";
  const inAddress = /[#&]token=([\w-]+)/.exec(location.hash)?.[1];
  if (inAddress !== undefined) {
    sessionStorage.setItem("holdfast-token", inAddress);
    history.replaceState(null, "", location.pathname);
  }
  return inPage === "" ? (sessionStorage.getItem("holdfast-token") ?? "") : inPage;
}

const token = readToken();

/** Does a named action; what came of it is shown in the panel. Resolves to whether it worked. */
export async function act(name: string, target: string | null): Promise<boolean> {
  const result = await post(name, target);
  notice.value = result;
  return !result.isError;
}

async function post(name: string, target: string | null): Promise<{ text: string; isError: boolean }> {
  try {
    const response = await fetch(`/api/actions/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-holdfast-token": token },
      body: JSON.stringify(target === null ? {} : { target }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const { message } = (await response.json()) as { message: string };
    if (response.status === 401) return { text: "This page is older than the server it talks to. Load it again.", isError: true };
    return { text: message, isError: !response.ok };
  } catch {
    return { text: "The server does not answer; nothing was done as far as this page knows.", isError: true };
  }
}

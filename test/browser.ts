import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";

/** The Chromium of this machine; undefined where there is none. playwright-core brings no browser. */
export const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => existsSync(path));

/** It runs as root in CI, has no screen, and is to talk to nobody but the page. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface StartedBrowser {
  readonly browser: Browser;
  /** Ends it and removes what it wrote. */
  close(): Promise<void>;
}

/** Starts Chromium without a window, with a home of its own. */
export async function startBrowser(executablePath: string): Promise<StartedBrowser> {
  const home = mkdtempSync(join(tmpdir(), "holdfast-chromium-"));
  const browser = await chromium.launch({ executablePath, args: FLAGS, env: { ...process.env, HOME: home } });
  return {
    browser,
    async close() {
      await browser.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** A browser for tests of what browsers load; set CHROMIUM to another one's path. */
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Why no page can be opened here, or null if one can: the browser is no dependency of gnet. */
export function whyNoChromium(): string | null {
  return existsSync(CHROMIUM) ? null : `there is no ${CHROMIUM}; CHROMIUM may name another browser`;
}

/** Starts the browser headless, without anything that reaches out to the network. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

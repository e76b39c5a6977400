import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';

/** The browser for tests of pages; set CHROMIUM to that of another path. */
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Why pages cannot be tested here, or null if they can: the browser is no dependency of gnet. */
export function whyNoChromium(): string | null {
  return existsSync(CHROMIUM) ? null : `${CHROMIUM} is not there`;
}

export function launchChromium(): Promise<Browser> {
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'];
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];
  return chromium.launch({ executablePath: CHROMIUM, args: [...args, ...quiet] });
}

export interface OpenedPage {
  readonly page: Page;
  /** Errors, messages, dialogs, and requests for anything but the file itself. */
  readonly incidents: readonly string[];
}

/** Opens a file from disk in a window of its own. */
export async function openFile(
  browser: Browser,
  file: string,
  colorScheme: 'light' | 'dark' = 'light',
  width = 1280,
): Promise<OpenedPage> {
  const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } });
  const incidents: string[] = [];
  const address = pathToFileURL(file).href;
  page.on('console', (message) => incidents.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => incidents.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    incidents.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (request.url() !== address && !request.url().startsWith('data:'))
      incidents.push(`request: ${request.url()}`);
  });
  await page.goto(address);
  return { page, incidents };
}

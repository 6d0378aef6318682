// A Chromium of this machine, without a profile and without the network.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const PLACES = [
  process.env.BOOK_BROWSER,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** Where the browser is, or undefined. */
export const browserPath = () => PLACES.find((place) => place && existsSync(place));

/** Starts the browser; playwright gives it a new, empty profile. */
export function launch() {
  return chromium.launch({
    executablePath: browserPath(),
    args: [
      // Chromium's sandbox does not work for root, as whom it runs in a container. It opens our own pages only.
      '--no-sandbox',
      '--disable-gpu',
      // A container's /dev/shm is small, and the browser dies when it is full.
      '--disable-dev-shm-usage',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A page of its own in the given look. `problems` collects what no page may do. */
export async function open(browser, address, { width, theme, scripts = true, media = {} }, problems) {
  const dark = !['light', 'rust'].includes(theme);
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: dark ? 'dark' : 'light',
    javaScriptEnabled: scripts,
    ...media,
  });
  if (scripts) {
    await context.addInitScript((name) => window.localStorage.setItem('mdbook-theme', name), theme);
  }
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) {
      problems.push(`console: ${message.text()}`);
    }
  });
  page.on('pageerror', (error) => problems.push(`script: ${error.message}`));
  page.on('response', (response) => {
    if (response.status() >= 400) {
      problems.push(`${response.status()} for ${response.url()}`);
    }
  });
  await page.route('**/*', (route) => {
    const url = route.request().url();
    const { origin, protocol } = new URL(url);
    // Also from elsewhere on this server: the book has to work below a path.
    if (url.startsWith(`${address}/`) || protocol === 'data:' || protocol === 'blob:') {
      return route.continue();
    }
    problems.push(origin === new URL(address).origin ? `asks for ${url}` : `asks ${origin} for something`);
    return route.abort();
  });
  return page;
}

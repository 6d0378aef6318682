// Opens the pages of the built book in a browser and checks them. `node check.mjs --help` says more.
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { browserPath, launch, open } from './browser.mjs';
import {
  fitsTheWindow,
  hasDescriptions,
  isAccessible,
  isDrawn,
  isReadable,
  quizzesAnswer,
  quizzesTakeKeys,
  searchFinds,
} from './checks.mjs';
import { playerChecks } from './player.mjs';
import { serve } from './serve.mjs';

const HELP = `Opens the pages of the built book in Chromium and checks them.

Usage: node check.mjs [--short] [--folder FOLDER] [--screenshots FOLDER] [PAGE...]

  --short         a few pages, two looks of each
  --folder        where the book was built; target/book if not given
  --screenshots   also writes what each look of each page looks like
  PAGE            only these pages, such as player.html

The book is built by \`cargo book build\`, and what this takes is installed by \`npm ci\` and your system's package of
Chromium, or Chrome. BOOK_BROWSER names one that lies elsewhere. The exit code is 0 if nothing is wrong, 1 if something
is, and 3 if there is no browser, so that nothing was checked.
`;

const THEMES = ['light', 'rust', 'coal', 'navy', 'ayu'];
/** A phone and a desk, light and dark. */
const LOOKS = [360, 1280].flatMap((width) => ['light', 'navy'].map((theme) => ({ width, theme })));
const SHORT_LOOKS = [
  { width: 360, theme: 'navy' },
  { width: 1280, theme: 'light' },
];
/** One with diagrams, one with tables, the players, and the longest. */
const SHORT_PAGES = ['introduction.html', 'scaling.html', 'player.html', 'your-trace.html', 'ch03-tasks.html'];
/** Not read as pages: the sidebar of a page without scripts. */
const NO_PAGES = ['toc.html'];

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean' },
    folder: { type: 'string', default: join(import.meta.dirname, '../../target/book') },
    screenshots: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});

if (options.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
if (!browserPath()) {
  console.error('SKIPPED: no Chromium was found, so no page was checked. BOOK_BROWSER names one that lies elsewhere.');
  process.exit(3);
}

const folder = options.folder;
const all = (await readdir(folder)).filter((name) => name.endsWith('.html') && !NO_PAGES.includes(name)).sort();
const wanted = options.short ? all.filter((name) => SHORT_PAGES.includes(name)) : all;
const pages = positionals.length ? positionals : wanted;
if (pages.length === 0) {
  console.error(`${folder} has no pages. Build the book first: cargo book build`);
  process.exit(1);
}

const server = await serve(folder);
const browser = await launch();
let checks = 0;
let failures = 0;

/** Opens a page in one look and runs `check` on it; reports what is wrong. */
async function look(name, settings, check) {
  const problems = [];
  const page = await open(browser, server.address, settings, problems);
  try {
    await page.goto(`${server.address}/${name}`, { waitUntil: 'load' });
    await check(page, problems);
  } catch (error) {
    problems.push(error.message.split('\n')[0]);
  }
  await page.context().close();
  checks += 1;
  const title = `${name} ${settings.what ?? ''} ${settings.width} px, ${settings.theme}`;
  if (problems.length) {
    failures += 1;
    console.log(`WRONG  ${title}`);
    problems.forEach((problem) => console.log(`         ${problem}`));
  }
}

async function picture(page, name, { width, theme }) {
  if (options.screenshots) {
    await mkdir(options.screenshots, { recursive: true });
    await page.screenshot({ path: join(options.screenshots, `${name}-${width}-${theme}.png`), fullPage: true });
  }
}

const began = Date.now();
for (const name of pages) {
  for (const settings of options.short ? SHORT_LOOKS : LOOKS) {
    await look(name, settings, async (page, problems) => {
      await isDrawn(page, problems);
      await fitsTheWindow(page, problems);
      await hasDescriptions(page, problems);
      await isAccessible(page, problems);
      await picture(page, name, settings);
      if (!['404.html', 'print.html'].includes(name)) {
        await quizzesTakeKeys(page, problems);
      }
    });
  }
  if (!options.short) {
    for (const theme of THEMES.filter((theme) => LOOKS.every((known) => known.theme !== theme))) {
      await look(name, { width: 1280, theme, what: 'contrast' }, async (page, problems) => {
        await isDrawn(page, problems);
        await isAccessible(page, problems, 'color-contrast');
      });
    }
  }
  const withoutScripts = { width: 360, theme: 'light', scripts: false, what: 'without scripts' };
  if (!['404.html', 'print.html'].includes(name)) {
    await look(name, withoutScripts, async (page, problems) => {
      await isReadable(page, problems);
      await fitsTheWindow(page, problems);
      await quizzesAnswer(page, problems);
    });
  }
}

if (positionals.length === 0) {
  await look('introduction.html', { width: 360, theme: 'light', what: 'search' }, (page, problems) =>
    searchFinds(page, 'processor', problems),
  );
  await look('print.html', { width: 1280, theme: 'navy', what: 'completeness', media: {} }, async (page, problems) => {
    await page.emulateMedia({ media: 'print' });
    const headings = await page.evaluate(() => [...document.querySelectorAll('main h1')].length);
    const chapters = all.filter((page) => !['404.html', 'index.html', 'print.html'].includes(page)).length;
    if (headings < chapters) {
      problems.push(`has ${headings} headings for ${chapters} chapters`);
    }
  });
}
for (const check of playerChecks(pages)) {
  await look(check.page, check.settings, check.run);
}

await browser.close();
server.close();
const time = Math.round((Date.now() - began) / 1000);
console.log(`${pages.length} pages, ${checks} checks, ${failures} with something wrong, ${time} s.`);
process.exit(failures ? 1 : 0);

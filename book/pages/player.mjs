// The players, from the keyboard alone, and the page for a reader's own trace.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDrawn } from './checks.mjs';

const PHONE = { width: 360, theme: 'light' };
/** The player of one trace: the second of the page, which begins with one of four. */
const SINGLE = 'trace-player >> nth=1';

/** What a player says of itself. */
const state = (page, player) =>
  page.locator(player).evaluate((element) => ({
    at: element.at,
    from: element.from,
    to: element.to,
    duration: element.duration,
    isPlaying: Boolean(element.frame),
    active: element.active,
    step: element.querySelector('.trace-step').textContent,
    details: element.querySelector('.trace-details').textContent,
  }));

/** Goes through the page with the Tab key until something in the player has the focus that `wanted` names. */
async function tabTo(page, player, wanted) {
  for (let count = 0; count < 200; count += 1) {
    await page.keyboard.press('Tab');
    const isThere = await page.locator(player).evaluate(
      (element, wanted) => element.contains(document.activeElement) && document.activeElement.matches(wanted),
      wanted,
    );
    if (isThere) {
      return;
    }
  }
  throw new Error(`the Tab key does not lead to ${wanted}`);
}

async function worksByKeyboard(page, problems) {
  await isDrawn(page, problems);
  const check = (is, what) => is || problems.push(what);
  const press = async (key) => {
    await page.keyboard.press(key);
    return state(page, SINGLE);
  };

  await tabTo(page, SINGLE, 'button[aria-label="Play"]');
  check((await press('Enter')).isPlaying, 'Enter on the button does not play');
  await page.waitForFunction(() => document.querySelectorAll('trace-player')[1].at > 0);
  check(!(await press('Enter')).isPlaying, 'Enter on the button does not pause');

  await tabTo(page, SINGLE, '.trace-field');
  const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  check(ring !== 'none', 'the focus of the time line cannot be seen');
  check((await press('Home')).at === 0, 'Home does not go to the begin');
  const first = await press('ArrowRight');
  check(first.step.length > 10, 'a step has no text');
  const second = await press('ArrowRight');
  check(second.at >= first.at && second.step !== first.step, 'the right arrow does not step on');
  check((await press('ArrowLeft')).step === first.step, 'the left arrow does not step back');
  const main = await press('Shift+ArrowRight');
  check(main.at > second.at && main.details.includes(' to '), 'Shift with the right arrow does not find a long bar');
  const lane = await press('ArrowDown');
  check(lane.active !== main.active || (await press('ArrowUp')).active !== lane.active, 'no arrow changes the thread');
  await press('Home');
  check((await press('.')).details.includes(' to '), 'the key . does not choose a bar');
  const closer = await press('+');
  check(closer.to - closer.from < closer.duration, 'the key + does not go closer');
  const whole = await press('0');
  check(whole.from === 0 && whole.to === whole.duration, 'the key 0 does not show the whole');
  check((await press('Space')).isPlaying, 'Space does not play');
  check(!(await press('Space')).isPlaying, 'Space does not pause');
  check((await press('End')).at === whole.duration, 'End does not go to the end');
  check(page.url().endsWith('/player.html'), 'a key of the player has turned the page');

  await page.keyboard.press('Shift+Tab');
  const before = await state(page, SINGLE);
  check((await press('ArrowLeft')).at < before.at, 'the slider does not move back');
}

async function playsTogether(page, problems) {
  await isDrawn(page, problems);
  const player = 'trace-player >> nth=0';
  await page.locator(player).locator('.trace-field').focus();
  await page.keyboard.press('Shift+ArrowRight');
  const cursors = await page.locator(player).evaluate((element) =>
    [...element.querySelectorAll('.trace-cursor')].map((cursor) => cursor.getAttribute('x1')),
  );
  if (cursors.length !== 4 || new Set(cursors).size !== 1 || cursors[0] === '0.000%') {
    problems.push(`four traces do not share one time: ${cursors}`);
  }
}

/** With reduced motion, play goes from event to event, and stays there for a while. */
async function staysStill(page, problems) {
  await isDrawn(page, problems);
  await page.locator(SINGLE).locator('button[aria-label="Play"]').click();
  const seen = await page.evaluate(async () => {
    const player = document.querySelectorAll('trace-player')[1];
    const times = new Set();
    const end = performance.now() + 1_000;
    while (performance.now() < end) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      times.add(player.at);
    }
    return times.size;
  });
  if (seen > 2) {
    problems.push(`moves ${seen} times in a second although the reader asked for less motion`);
  }
}

async function followsTheTheme(page, problems) {
  await isDrawn(page, problems);
  const colour = () =>
    page.evaluate(() => getComputedStyle(document.querySelector('.trace-live .trace-bar-poll')).fill);
  const before = await colour();
  await page.evaluate(() => document.documentElement.classList.replace('light', 'navy'));
  if ((await colour()) === before) {
    problems.push('the pictures keep the colours of another theme');
  }
}

/** The pictures made when the book was built are what is printed. */
async function printsPictures(page, problems) {
  await isDrawn(page, problems);
  await page.emulateMedia({ media: 'print' });
  const seen = await page.evaluate(() => ({
    pictures: [...document.querySelectorAll('.trace-static svg')].filter((svg) => svg.getBoundingClientRect().height).length,
    players: [...document.querySelectorAll('.trace-live')].filter((live) => live.getBoundingClientRect().height).length,
  }));
  if (seen.pictures < 8 || seen.players) {
    problems.push(`prints ${seen.pictures} pictures and ${seen.players} players`);
  }
}

/** Files that a reader might give, and a part of what is said of each. */
function files(folder) {
  const event = (index) => ({ name: `span ${index % 50}`, ph: 'X', ts: index * 10, dur: 8, pid: 7, tid: index % 5 });
  const foreign = [...Array(100).keys()].map(event);
  const large = JSON.stringify({ traceEvents: [...Array(300_000).keys()].map(event) });
  return [
    ['not-json.json', 'hello', 'It is not JSON'],
    ['other.json', '{"a": 1}', 'no list named "traceEvents"'],
    ['empty.json', ' ', 'It is empty'],
    ['no-events.json', '{"traceEvents": []}', 'without a single event'],
    ['odd.json', '{"traceEvents": [null, 3, {"ph": "X"}, {"ph": "i", "ts": 5, "tid": 1}]}', '1 threads'],
    ['compressed.json', Buffer.from([0x1f, 0x8b, 8, 0]), 'It is compressed'],
    ['unended.json', JSON.stringify(foreign).slice(0, -1) + ',', '5 threads, 100 bars'],
    ['foreign.json', JSON.stringify({ traceEvents: foreign }), '5 threads, 100 bars'],
    ['large.json', large, '5 threads, 300000 bars'],
    ['too-large.json', large.padEnd(50 * 1024 * 1024), 'It has 50.0 MB'],
  ].map(([name, content, expected]) => {
    writeFileSync(join(folder, name), content);
    return { name, expected };
  });
}

async function takesFiles(page, problems) {
  const folder = mkdtempSync(join(tmpdir(), 'book-pages-'));
  for (const { name, expected } of files(folder)) {
    await page.setInputFiles('trace-drop input', join(folder, name));
    const said = page.locator('trace-drop [role=status]');
    await page.waitForFunction(
      (name) => {
        const text = document.querySelector('trace-drop [role=status]').textContent;
        return text.startsWith(name) && !text.startsWith('Reading');
      },
      name,
    );
    const text = await said.textContent();
    if (!text.includes(expected)) {
      problems.push(`${name}: ${text}`);
    }
    const size = await page.evaluate(() => document.querySelectorAll('trace-drop *').length);
    if (size > 8_000) {
      problems.push(`${name}: the player has ${size} elements`);
    }
  }
  const notes = await page.evaluate(() => document.querySelectorAll('trace-drop .trace-note').length);
  if (notes) {
    problems.push('what was said of one file stays for the next');
  }
  const ours = join(folder, 's7.json');
  writeFileSync(ours, readFileSync(join(import.meta.dirname, '../data/traces/s7.json')));
  await page.setInputFiles('trace-drop input', ours);
  await page.locator('trace-drop trace-player .trace-field').focus();
  await page.keyboard.press('Shift+ArrowRight');
  rmSync(folder, { recursive: true });
}

/** What is checked beside the looks of the pages, of those that were asked for. */
export function playerChecks(pages) {
  const still = { media: { reducedMotion: 'reduce' } };
  return [
    { page: 'player.html', settings: { ...PHONE, what: 'keyboard' }, run: worksByKeyboard },
    { page: 'player.html', settings: { ...PHONE, what: 'four together' }, run: playsTogether },
    { page: 'player.html', settings: { ...PHONE, ...still, what: 'reduced motion' }, run: staysStill },
    { page: 'player.html', settings: { ...PHONE, what: 'change of theme' }, run: followsTheTheme },
    { page: 'player.html', settings: { ...PHONE, what: 'on paper' }, run: printsPictures },
    { page: 'your-trace.html', settings: { ...PHONE, what: 'files' }, run: takesFiles },
  ].filter(({ page }) => pages.includes(page));
}

// Each check finds the fault that it is for, and nothing in a page without faults.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
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
import { serve } from './serve.mjs';

const skip = browserPath() ? false : 'no browser was found';
const WORDS = 'So many words that there is something to read. '.repeat(6);
const GOOD = `<h1>A page</h1><p>${WORDS}</p><div style="overflow-x: auto" tabindex="0"><p style="width: 2000px">wide</p></div>`;

const STYLE = '<style>.why { display: none } input:checked ~ .why { display: block }</style>';
const OPTIONS = ['yes', 'no'].map((word) => `<div><input type="radio" name="q">${word}<p class="why">Because.</p></div>`);
const QUIZ = `<form class="quiz"><fieldset><legend>Is it?</legend>${OPTIONS.join('')}
  <button type="reset">Again</button></fieldset></form>`;

let folder;
let server;
let browser;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'book-pages-'));
  server = await serve(folder);
  browser = skip ? null : await launch();
});
after(async () => {
  await browser?.close();
  server.close();
  rmSync(folder, { recursive: true });
});

/** What `check` says of a page with this content. */
async function found(content, check, settings = {}) {
  const html = `<!DOCTYPE html><html lang="en"><head><title>A page</title>
    <meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"></head>
    <body><nav class="nav-wrapper" aria-label="Pages"><a href="/">Next</a></nav><main>${content}</main></body></html>`;
  writeFileSync(join(folder, 'page.html'), html);
  const problems = [];
  const page = await open(browser, server.address, { width: 360, theme: 'light', ...settings }, problems);
  page.setDefaultTimeout(2_000);
  await page.goto(`${server.address}/page.html`, { waitUntil: 'load' });
  await check(page, problems);
  await page.context().close();
  return problems;
}

const nothing = () => {};
const FAULTS = [
  ['an error of a script', '<script>undefined_function()</script>', nothing, /script: undefined_function/],
  ['a warning', '<script>console.warn("oh")</script>', nothing, /console: oh/],
  ['a file that is not there', '<script src="none.js"></script>', nothing, /404 for .*none\.js/],
  ['a request to elsewhere', '<img alt="" src="https://example.com/a.png">', nothing, /asks https:\/\/example\.com/],
  ['a diagram that stays text', '<pre class="mermaid">a</pre>', isDrawn, /diagram is not drawn/],
  ['a player without its trace', '<trace-player></trace-player>', isDrawn, /player has not loaded/],
  ['a page wider than the window', '<p style="width: 500px">wide</p>', fitsTheWindow, /wider than the window: 5\d\d px/],
  ['a picture that says nothing', '<img src="data:,">', hasDescriptions, /screen reader/],
  ['a drawing that says nothing', '<figure><svg role="img"></svg></figure>', hasDescriptions, /screen reader/],
  ['text without contrast', '<p style="color: #aaa">pale</p>', isAccessible, /color-contrast/],
  ['a button without a name', '<button></button>', isAccessible, /button-name/],
  ['a box that only a pointer scrolls', '<pre style="overflow: auto"><code>' + 'x'.repeat(999), isAccessible, /scrollable/],
  ['a quiz that shows all answers', QUIZ, quizzesAnswer, /option 1 of "Is it\?" shows true,true/],
  ['a quiz without a reset', STYLE + QUIZ.replace('type="reset"', 'type="reset" onclick="event.preventDefault()"'), quizzesAnswer, /a reset leaves/],
  ['a quiz in which keys turn the page', `${STYLE}${QUIZ}<script>addEventListener('keydown', (event) => { event.preventDefault(); location.hash = 'next'; })</script>`, quizzesTakeKeys, /arrow key/],
  ['a search that finds nothing', '', (page, problems) => searchFinds(page, 'word', problems), /does not find "word"/],
];
for (const [fault, content, check, expected] of FAULTS) {
  test(`${fault} is found`, { skip }, async () => {
    assert.match((await found(GOOD + content, check)).join('\n'), expected);
  });
}

test('a page that is empty without scripts is found', { skip }, async () => {
  const problems = await found('<script>document.querySelector("main").innerHTML = "text"</script>', isReadable, { scripts: false });
  assert.match(problems.join('\n'), /nothing to read/);
});

test('nothing is found in a page without faults', { skip }, async () => {
  const problems = await found(GOOD, async (page, problems) => {
    for (const check of [isDrawn, fitsTheWindow, hasDescriptions, isAccessible]) {
      await check(page, problems);
    }
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(await found(GOOD, isReadable, { scripts: false }), []);
  assert.deepEqual(await found(STYLE + QUIZ, quizzesAnswer, { scripts: false }), []);
  assert.deepEqual(await found(STYLE + QUIZ, quizzesTakeKeys), []);
});

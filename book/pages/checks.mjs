// What is checked on a page. Each function adds a line to `problems` for what it finds.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Waits until the scripts of the page have drawn what they draw. */
export async function isDrawn(page, problems) {
  const drawn = page.waitForFunction(() =>
    [...document.querySelectorAll('pre.mermaid')].every((diagram) => diagram.querySelector('svg')),
  );
  await drawn.catch(() => problems.push('a diagram is not drawn'));
  const players = page.waitForFunction(
    () =>
      window.location.pathname.endsWith('/print.html') ||
      [...document.querySelectorAll('trace-player')].every((player) => player.dataset.state === 'ready'),
  );
  await players.catch(() => problems.push('a player has not loaded its trace'));
}

/** Nothing but boxes that scroll by themselves is wider than the window. */
export async function fitsTheWindow(page, problems) {
  const wide = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) {
      return null;
    }
    const content = [...document.querySelectorAll('main *')];
    const widest = content.filter((element) => element.getBoundingClientRect().right > width + 1).at(-1);
    const name = widest ? `<${widest.tagName.toLowerCase()} class="${widest.getAttribute('class') ?? ''}">` : 'something';
    return `${document.documentElement.scrollWidth} px of ${width}: ${name} ${widest?.textContent.slice(0, 40) ?? ''}`;
  });
  if (wide) {
    problems.push(`wider than the window: ${wide}`);
  }
}

/** axe finds nothing. With `only`, just that rule is run. */
export async function isAccessible(page, problems, only) {
  if (!(await page.evaluate(() => 'axe' in window))) {
    await page.evaluate(axeSource);
  }
  const violations = await page.evaluate(
    async (only) => {
      const found = await window.axe.run(document, only ? { runOnly: [only] } : {});
      return found.violations.flatMap(({ id, help, nodes }) =>
        nodes.map(({ target, any, all, none }) => {
          const [check] = [...any, ...all, ...none];
          return { what: `${id}: ${check?.message ?? help}`, where: target.join(' ') };
        }),
      );
    },
    only,
  );
  // What is wrong with one listing is often wrong with each of them.
  for (const what of new Set(violations.map((violation) => violation.what))) {
    const places = violations.filter((violation) => violation.what === what).map(({ where }) => where);
    const others = places.length > 1 ? ` and ${places.length - 1} more` : '';
    problems.push(`${what}, at ${places[0]}${others}`);
  }
}

/** Pictures and drawings say what they show. */
export async function hasDescriptions(page, problems) {
  const silent = await page.evaluate(() => {
    const pictures = [...document.querySelectorAll('main img')].filter((image) => !image.hasAttribute('alt'));
    const drawings = [...document.querySelectorAll('main pre.mermaid svg, main figure svg[role=img]')].filter(
      (drawing) => !drawing.querySelector('title') || !drawing.querySelector('desc'),
    );
    return [...pictures, ...drawings].map((element) => element.outerHTML.slice(0, 80));
  });
  problems.push(...silent.map((element) => `says nothing to a screen reader: ${element}`));
}

/** The search, from the keyboard, finds a word that the page of chapter 8 has. */
export async function searchFinds(page, word, problems) {
  await page.keyboard.press('s');
  await page.keyboard.type(word);
  const found = page.waitForFunction(
    () => document.querySelectorAll('#mdbook-searchresults li').length > 0,
  );
  await found.catch(() => problems.push(`the search does not find "${word}"`));
}

/** With scripts off there is a heading, text, and a way to the other pages. */
export async function isReadable(page, problems) {
  const content = await page.evaluate(() => ({
    heading: document.querySelector('main h1')?.textContent ?? '',
    words: document.querySelector('main')?.innerText.split(/\s+/).length ?? 0,
    links: document.querySelectorAll('nav.nav-wrapper a, nav.nav-wide-wrapper a').length,
    diagrams: [...document.querySelectorAll('pre.mermaid')].filter((diagram) => diagram.innerText.trim() === '').length,
    players: [...document.querySelectorAll('trace-player')].filter(
      (player) => !player.querySelector('svg')?.getBoundingClientRect().height,
    ).length,
  }));
  if (!content.heading || content.words < 30) {
    problems.push('without scripts there is nothing to read');
  }
  if (!content.links) {
    problems.push('without scripts no link leads to another page');
  }
  if (content.diagrams + content.players) {
    problems.push('without scripts a diagram or a player leaves nothing behind');
  }
}

/** Each option of a quiz shows its own explanation when it is chosen, and no other; a reset hides them. */
export async function quizzesAnswer(page, problems) {
  for (const quiz of await page.locator('form.quiz').all()) {
    const visible = () =>
      quiz.locator('.why').evaluateAll((all) => all.map((why) => why.getBoundingClientRect().height > 0));
    const inputs = await quiz.locator('input').all();
    for (const [chosen, input] of inputs.entries()) {
      await input.check();
      const shown = await visible();
      if (shown.some((isShown, at) => isShown !== (at === chosen))) {
        problems.push(`option ${chosen + 1} of "${await quiz.locator('legend').innerText()}" shows ${shown}`);
      }
    }
    await quiz.locator('button[type=reset]').click();
    if ((await visible()).includes(true)) {
      problems.push(`a reset leaves an explanation of "${await quiz.locator('legend').innerText()}"`);
    }
  }
}

/** The arrow keys choose in a quiz, and do not turn the page. */
export async function quizzesTakeKeys(page, problems) {
  const quiz = page.locator('form.quiz').first();
  if (!(await quiz.count())) {
    return;
  }
  const before = page.url();
  await quiz.locator('input').first().focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('ArrowRight');
  await page.waitForTimeout(100);
  if (page.url() !== before || !(await quiz.locator('input').nth(1).isChecked())) {
    problems.push('an arrow key in a quiz does not choose the next option');
  }
}

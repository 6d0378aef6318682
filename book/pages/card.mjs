// Draws card.svg, the picture that other sites show beside a link to the book, as book/src/card.png.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { launch } from './browser.mjs';

const SIZE = { width: 1200, height: 630 };
const drawing = await readFile(join(import.meta.dirname, 'card.svg'), 'utf8');
const browser = await launch();
const page = await browser.newPage({ viewport: SIZE });
await page.setContent(`<style>body { margin: 0 } svg { display: block }</style>${drawing}`);
const path = join(import.meta.dirname, '../src/card.png');
await page.screenshot({ path, clip: { x: 0, y: 0, ...SIZE } });
await browser.close();
console.log(`Drawn: ${path}`);

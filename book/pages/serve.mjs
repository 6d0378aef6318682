// Serves the built book on this machine, on a free port, for as long as a check runs.
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, resolve, sep } from 'node:path';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/**
 * Serves the files below `folder`, below the path that the book was built for; gives the address and a way to end it.
 */
export async function serve(folder) {
  folder = resolve(folder);
  // All links are relative but those of the page for what is not found, which names the path.
  const notFound = await readFile(join(folder, '404.html'), 'utf8').catch(() => '');
  const base = /<base href="(\/[^"]*)">/.exec(notFound)?.[1] ?? '/';
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://book').pathname);
    const below = path.startsWith(base) ? path.slice(base.length) : '../';
    const file = normalize(join(folder, below === '' || below.endsWith('/') ? `${below}index.html` : below));
    const isInside = file.startsWith(folder + sep);
    const isFile = isInside && (await stat(file).then((found) => found.isFile(), () => false));
    if (!isFile) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream' });
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${server.address().port}${base.replace(/\/$/, '')}`;
  return {
    address,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

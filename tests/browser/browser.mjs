/** A Chromium and a server to look at, for the tests of this folder. Run them with `node --test tests/browser/`. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const CONSOLE = fileURLToPath(new URL('../../console/', import.meta.url));
const require = createRequire(`${CONSOLE}package.json`);
const { chromium } = require('playwright-core');

/** Source of axe-core, to be evaluated in a page. */
export const AXE = require('axe-core').source;

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** Starts a headless Chromium with a fresh profile; `CHROMIUM` names another binary than Debian's. */
export async function launch() {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) throw new Error(`no browser at ${executablePath}: apt-get install chromium, or set CHROMIUM`);
  return await chromium.launch({ executablePath, args: FLAGS });
}

/**
 * Starts the console's mock API with the built console. Gives its address, a way to switch what it shows and a way
 * to stop it.
 */
export async function startMock() {
  if (!existsSync(`${CONSOLE}dist/index.html`)) throw new Error('console/dist is missing: run `npm run build` in console/');
  const child = spawn(process.execPath, [`${CONSOLE}mock/main.mjs`, '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const base = await new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the mock ended with code ${code}`)));
    createInterface({ input: child.stdout }).once('line', (line) => resolve(line.split(' ').at(-1)));
  });
  return {
    base,
    show: (name) => fetch(`${base}/mock/scenario`, { method: 'POST', body: JSON.stringify({ name }) }),
    stop: () => child.kill(),
  };
}

/**
 * Opens a page and writes down what must never happen on it: requests to other hosts, exceptions, and breaches of
 * the security policy. `problems` is empty when all is well.
 */
export async function open(browser, base, { width = 1440, height = 900, theme = 'light' } = {}) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: 'reduce',
    hasTouch: width < 640,
    baseURL: base,
  });
  const page = await context.newPage();
  const problems = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(base) && !request.url().startsWith('data:')) problems.push(`request to ${request.url()}`);
  });
  page.on('pageerror', (error) => problems.push(`exception: ${error}`));
  page.on('console', (message) => {
    if (/Content.Security.Policy/i.test(message.text())) problems.push(message.text());
  });
  return { page, problems, close: () => context.close() };
}

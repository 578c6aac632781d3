/**
 * A stand-in for the server, for working on the console and for its tests: `npm run mock [-- port]`.
 * Deterministic data, real streaming, the server's security policy. `POST /mock/scenario` with
 * `{"name": "full" | "empty" | "failing" | "slow" | "signed-out"}` switches what it shows.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { generation, newKey, sampleGenerations, sampleKeys } from './account.mjs';
import { catalogue, endpointsOf } from './catalogue.mjs';
import { chat } from './chat.mjs';
import { freshRouting, ruleRoutes, samplePresets, sampleRouting } from './rules.mjs';

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));
const BODY_MAX = 4_000_000;
const POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };

const models = catalogue(412);
let scenario = 'full';
let state = fresh();

function fresh() {
  const filled = scenario !== 'empty';
  const generations = filled ? sampleGenerations(models, 120) : [];
  const routing = { account: filled ? sampleRouting() : freshRouting(), workspace: freshRouting() };
  return { signedIn: scenario !== 'signed-out', keys: filled ? sampleKeys() : [], generations, made: 10, presets: filled ? samplePresets() : [], routing };
}

function refuse(response, code, message, param) {
  response.writeHead(code, { 'content-type': 'application/json', 'x-request-id': 'req_5f1c0a9e' });
  response.end(JSON.stringify({ error: { code, message, metadata: param ? { param } : null } }));
}

function answer(response, body, code = 200) {
  response.writeHead(code, { 'content-type': 'application/json', 'x-request-id': 'req_00000001' });
  response.end(code === 204 ? undefined : JSON.stringify(body));
}

async function readJson(request) {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > BODY_MAX) throw new Error('body too large');
  }
  return text === '' ? {} : JSON.parse(text);
}

const routes = [
  ['POST', /^\/mock\/scenario$/, async (request, response) => {
    scenario = (await readJson(request)).name;
    state = fresh();
    answer(response, { scenario });
  }],
  ['GET', /^\/openapi\.json$/, async (_, response) => {
    answer(response, JSON.parse(await readFile(new URL('../../openapi.json', import.meta.url), 'utf8')));
  }],
  ['GET', /^\/api\/v1\/models$/, (_, response, url) => {
    const all = scenario === 'empty' ? [] : models;
    const offset = Number(url.searchParams.get('offset') ?? 0);
    const limit = Number(url.searchParams.get('limit') ?? all.length);
    answer(response, { data: all.slice(offset, offset + limit), total_count: all.length, links: { next: null } });
  }],
  ['GET', /^\/api\/v1\/models\/([^/]+)\/([^/]+)\/endpoints$/, (_, response, __, author, slug) => {
    const found = models.find(({ id }) => id === decodeURIComponent(`${author}/${slug}`));
    if (found) answer(response, { data: endpointsOf(found) });
    else refuse(response, 404, `No model ${author}/${slug}`);
  }],
  ['GET', /^\/api\/v1\/providers$/, (_, response) => {
    const data = ['northwind', 'tidewater', 'acme', 'bluff', 'cobalt', 'dune', 'estuary', 'foundry', 'glacier'].map((slug) => ({ slug, name: slug }));
    answer(response, { data });
  }],
  ['POST', /^\/console\/api\/v1\/setup$/, async (request, response) => {
    const { token } = await readJson(request);
    if (token === 'used') return refuse(response, 404, 'This set-up link was used already or has expired');
    state.signedIn = true;
    answer(response, { data: { account: { id: 'acc_1', name: 'Default' } } });
  }],
];

const privateRoutes = [
  ['GET', /^\/session$/, (_, response) => answer(response, { data: { account: { id: 'acc_1', name: 'Default' }, user: { id: 'user_1', name: 'Owner', role: 'owner' }, workspace_id: 'ws_1', total_credits: 25, total_usage: 12.658812345, demo: scenario === 'empty', version: '0.1.0' } })],
  ['DELETE', /^\/session$/, (_, response) => {
    state.signedIn = false;
    answer(response, null, 204);
  }],
  ['GET', /^\/credits$/, (_, response) => answer(response, { data: { total_credits: 25, total_usage: 12.658812345 } })],
  ['GET', /^\/keys$/, (_, response, url) => {
    const offset = Number(url.searchParams.get('offset') ?? 0);
    answer(response, { data: state.keys.slice(offset, offset + 100) });
  }],
  ['POST', /^\/keys$/, async (request, response) => {
    const body = await readJson(request);
    if (state.keys.some(({ name }) => name === body.name)) return refuse(response, 409, `A key named “${body.name}” exists`);
    const data = newKey(body, (state.made += 1));
    state.keys.push(data);
    answer(response, { data, key: `sk-or-v1-${'4d1c9a07e3b25f68'.repeat(4)}` }, 201);
  }],
  ['PATCH', /^\/keys\/(\w+)$/, async (request, response, _, hash) => {
    const found = state.keys.find((key) => key.hash === hash);
    if (!found) return refuse(response, 404, 'No such key');
    answer(response, { data: Object.assign(found, await readJson(request)) });
  }],
  ['DELETE', /^\/keys\/(\w+)$/, (_, response, __, hash) => {
    state.keys = state.keys.filter((key) => key.hash !== hash);
    answer(response, { deleted: true });
  }],
  ['GET', /^\/generation$/, (_, response, url) => {
    const found = state.generations.find(({ id }) => id === url.searchParams.get('id'));
    if (found) answer(response, { data: found });
    else refuse(response, 404, 'No generation with this id. Records are kept for 30 days');
  }],
  ['GET', /^\/generations$/, (_, response, url) => {
    const start = Number(url.searchParams.get('cursor') ?? 0);
    const end = start + Number(url.searchParams.get('limit') ?? 50);
    const data = state.generations.slice(start, end).map((entry) => ({ ...entry, status: entry.finish_reason === 'error' ? 502 : 200, ending: entry.cancelled ? 'cancelled' : 'completed', portolan: undefined }));
    answer(response, { data, next_cursor: end < state.generations.length ? String(end) : null });
  }],
  ['POST', /^\/chat\/completions$/, async (request, response) =>
    chat(request, response, await readJson(request), (id, facts) => {
      const entry = generation(id, { ...facts, created_at: new Date().toISOString() });
      state.generations.unshift(entry);
      return entry;
    })],
  ...ruleRoutes(() => state, models, { answer, refuse, readJson }),
];

async function dispatch(table, path, request, response, url) {
  for (const [method, pattern, handle] of table) {
    const match = pattern.exec(path);
    if (match && method === request.method) {
      await handle(request, response, url, ...match.slice(1));
      return true;
    }
  }
  return false;
}

async function serve(request, response) {
  const url = new URL(request.url, 'http://localhost');
  response.setHeader('content-security-policy', POLICY);
  const isApi = /^\/(api|console\/api)\//.test(url.pathname);
  if (isApi && scenario === 'slow') await wait(60_000);
  if (isApi && scenario === 'failing' && !url.pathname.endsWith('/session')) return refuse(response, 500, 'The database did not answer within 2 s');
  if (await dispatch(routes, url.pathname, request, response, url)) return;
  if (url.pathname.startsWith('/console/api/v1/')) {
    if (!state.signedIn) return refuse(response, 401, 'Sign in first');
    const isSafe = request.headers['x-portolan-csrf'] === '1' && request.headers['content-type'] === 'application/json';
    if (request.method !== 'GET' && !isSafe) return refuse(response, 403, 'Refused as a cross-site request');
    if (await dispatch(privateRoutes, url.pathname.slice('/console/api/v1'.length), request, response, url)) return;
  }
  if (isApi || request.method !== 'GET') return refuse(response, 404, `No route ${request.method} ${url.pathname}`);
  const asked = join(DIST, normalize(url.pathname));
  const file = extname(asked) !== '' && asked.startsWith(DIST) && existsSync(asked) ? asked : join(DIST, 'index.html');
  const content = await readFile(file);
  response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
  response.end(content);
}

const server = createServer((request, response) => {
  serve(request, response).catch((error) => {
    console.error(error);
    if (!response.headersSent) refuse(response, 500, String(error));
  });
});
server.listen(Number(process.argv[2] ?? 7879), '127.0.0.1', () => console.log(`mock API on http://127.0.0.1:${server.address().port}`));

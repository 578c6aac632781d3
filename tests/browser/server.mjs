/** A real server with two providers of opposite data policies, for tests that need more than the mock. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const BUILT = new URL(`../../${process.env.CARGO_TARGET_DIR ?? 'target'}/debug/portolan`, import.meta.url);
const BINARY = process.env.PORTOLAN_TEST_BINARY ?? fileURLToPath(BUILT);
const START_MS = 30_000;
const STOP_MS = 15_000;

/** Harbour keeps nothing and is dear, Quay trains on prompts and is cheap; both serve one model, Quay alone another. */
const policy = (training) => `{ training = ${training}, retains_prompts = ${training}, zdr = ${!training} }`;
const provider = (slug, address, training) => `
[providers.${slug}]
name = "${slug === 'harbour' ? 'Harbour' : 'Quay'}"
dialect = "openai"
base_url = "${address}/v1"
api_key = "sk-upstream"
data_policy = ${policy(training)}
`;
const model = (name, endpoints) => `
[[models]]
id = "mock/${name}"
context_length = 32000
max_completion_tokens = 4000
input_modalities = ["text"]
output_modalities = ["text"]
supported_parameters = ["max_tokens", "temperature", "top_p", "stop", "seed", "tools", "tool_choice", "response_format"]
${endpoints.map(([slug, price]) => `[[models.endpoints]]\nprovider = "${slug}"\nupstream_id = "echo-1"\nprice = { prompt = "${price}", completion = "${price}" }`).join('\n')}
`;

/** Starts a program and waits for a line on which `pattern` matches; gives the match and a way to end it. */
async function start(args, pattern) {
  const keys = Object.keys(process.env).filter((name) => !name.endsWith('_API_KEY') && !name.startsWith('PORTOLAN_'));
  const env = Object.fromEntries(keys.map((name) => [name, process.env[name]]));
  const child = spawn(BINARY, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  const said = [];
  const match = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not started in time:\n${said.join('\n')}`)), START_MS);
    const listen = (line) => {
      said.push(line);
      const found = pattern.exec(line);
      if (found) {
        clearTimeout(timer);
        resolve(found);
      }
    };
    createInterface({ input: child.stdout }).on('line', listen);
    createInterface({ input: child.stderr }).on('line', listen);
    child.once('exit', (code) => reject(new Error(`ended with code ${code}:\n${said.join('\n')}`)));
  });
  const stop = () =>
    new Promise((resolve) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      child.once('exit', () => {
        clearTimeout(timer);
        resolve();
      });
      child.kill('SIGTERM');
    });
  return { match, stop };
}

/** The running server: its address, its unused set-up link, and a way to stop it that leaves nothing behind. */
export async function startServer() {
  if (!existsSync(BINARY)) throw new Error(`no server at ${BINARY}: run \`cargo build -p server\`, or set PORTOLAN_TEST_BINARY`);
  const folder = await mkdtemp(join(tmpdir(), 'portolan-browser-'));
  const running = [];
  const stop = async () => {
    for (const { stop: end } of running.reverse()) await end();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const addresses = [];
    for (const _ of ['harbour', 'quay']) {
      const simulator = await start(['simulate', '--listen', '127.0.0.1:0', '--api-key', 'sk-upstream'], /http:\/\/127\.0\.0\.1:\d+/);
      running.push(simulator);
      addresses.push(simulator.match[0]);
    }
    const config = join(folder, 'portolan.toml');
    const parts = [provider('harbour', addresses[0], false), provider('quay', addresses[1], true), model('chart', [['harbour', '2.00'], ['quay', '0.50']]), model('sketch', [['quay', '0.10']])];
    await writeFile(config, parts.join(''));
    const server = await start(['serve', '--listen', '127.0.0.1:0', '--config', config, '--data', join(folder, 'data')], /"message":\s*"listening".*/);
    running.push(server);
    const facts = JSON.parse(server.match.input);
    return { base: facts.url, setupLink: facts.setup_link, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * The official Node SDKs against a running Portolan, one simulated provider of each family behind it.
 *
 * PORTOLAN_URL, PORTOLAN_KEY, PORTOLAN_MANAGEMENT_KEY and PORTOLAN_SPENT_KEY come from the environment; with a word as
 * argument only the checks whose name contains it run. Exit code 1 when a check fails.
 */
import { checks as withAnthropic } from './with-anthropic.mjs';
import { checks as withOpenai } from './with-openai.mjs';
import { checks as withOpenrouter } from './with-openrouter.mjs';

const wanted = process.argv[2] ?? '';
let passed = 0;
let failed = 0;
for (const [name, check] of [...withOpenai(), ...withOpenrouter(), ...withAnthropic()]) {
  if (!name.includes(wanted)) continue;
  try {
    await check();
    passed += 1;
    console.log(`ok ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED ${name}`);
    console.log(error);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

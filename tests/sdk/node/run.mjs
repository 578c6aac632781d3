/**
 * The official Node SDKs against a running Portolan, one simulated provider of each family behind it.
 *
 * PORTOLAN_URL, PORTOLAN_KEY, PORTOLAN_MANAGEMENT_KEY and PORTOLAN_SPENT_KEY come from the environment; with a word as
 * argument only the checks whose name contains it run. Exit code 1 when a check fails.
 */
import { run } from './checks.mjs';
import { checks as withAiSdk } from './with-ai-sdk.mjs';
import { checks as withAnthropic } from './with-anthropic.mjs';
import { checks as withCompletions } from './with-completions.mjs';
import { checks as withOpenai } from './with-openai.mjs';
import { checks as withOpenrouter } from './with-openrouter.mjs';
import { checks as withResponses } from './with-responses.mjs';

const SUITES = [withOpenai, withResponses, withCompletions, withOpenrouter, withAnthropic, withAiSdk];
const checks = SUITES.flatMap((suite) => [...suite()]);
process.exitCode = await run(checks, process.argv[2] ?? '');

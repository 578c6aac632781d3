/** What the suites of this folder share: the families, how checks are named and run. */
import assert from 'node:assert/strict';

/** The format of the provider behind Portolan; each has a model of its own, see tests/lib/world.py. */
export const FAMILIES = ['openai', 'openai-responses', 'anthropic', 'gemini'];

/** Checks with their names: those that take a family once for each of them, the others as they are. */
export function* named(client, eachFamily, once = {}, families = FAMILIES) {
  for (const [name, check] of Object.entries(eachFamily)) {
    for (const family of families) yield [`${client}/${name}/${family}`, () => check(family)];
  }
  for (const [name, check] of Object.entries(once)) yield [`${client}/${name}`, check];
}

/** The error that a call ends with. */
export function failure(call) {
  return call().then(
    () => assert.fail('the call succeeded'),
    (error) => error,
  );
}

/** A fetch that counts its calls in `count`. */
export function counted() {
  const counter = (...about) => {
    counter.count += 1;
    return fetch(...about);
  };
  counter.count = 0;
  return counter;
}

/** Runs the checks whose name contains `wanted`; returns the exit code. A run in which nothing was checked has failed. */
export async function run(checks, wanted) {
  let passed = 0;
  let failed = 0;
  for (const [name, check] of checks) {
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
  return failed > 0 || passed === 0 ? 1 : 0;
}

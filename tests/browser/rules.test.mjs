/**
 * Presets and routing settings from the console to the answer: what is saved here decides what a program gets there, and
 * the record says so. Against a real server with two providers of opposite data policies.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open } from './browser.mjs';
import { startServer } from './server.mjs';

const LIMIT = { timeout: 120_000 };

let server;
let browser;
let secret;
let page;
let problems;
let close;

before(async () => {
  server = await startServer();
  browser = await launch();
  ({ page, problems, close } = await open(browser, server.base));
  const link = new URL(server.setupLink);
  await page.goto(link.pathname + link.search);
  await page.getByRole('button', { name: 'Use the link' }).click();
  await page.getByLabel('Name').fill('Program');
  await page.getByRole('button', { name: 'Create key' }).click();
  secret = await page.getByLabel('Your new key').inputValue();
});

after(async () => {
  await close?.();
  await browser?.close();
  await server?.stop();
});

/** What a program gets: status, body, and the id of the record. */
async function call(body, path = '/api/v1/chat/completions') {
  const response = await fetch(server.base + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ messages: [{ role: 'user', content: 'Hello!' }], ...body }),
  });
  return { status: response.status, id: response.headers.get('x-generation-id'), body: await response.json() };
}

const field = (name, role = 'textbox') => page.getByRole(role, { name, exact: true });
const save = () => page.keyboard.press('ControlOrMeta+s');

/** Puts the focus on a control with the Tab key alone. */
async function tabTo(control) {
  for (let presses = 0; presses < 80; presses += 1) {
    if (await control.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail('the Tab key does not reach it');
}

test('a_preset_made_with_the_keyboard_alone_serves_in_all_three_forms_and_its_record_names_it', LIMIT, async () => {
  await page.goto('/presets');
  await page.getByText('No presets yet').waitFor();
  await page.keyboard.press('n');
  await page.getByRole('heading', { name: 'Create preset' }).waitFor();
  await tabTo(field('Name'));
  await page.keyboard.type('Careful answers');
  await tabTo(field('System prompt'));
  await page.keyboard.type('Be brief.');
  await tabTo(field('Model', 'combobox'));
  await page.keyboard.type('mock/cha');
  await page.getByRole('option', { name: 'mock/chart' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await tabTo(page.getByLabel('No providers that keep prompts or train on them'));
  await page.keyboard.press('Space');
  await save();
  await page.getByRole('heading', { name: 'As the model' }).waitFor();
  assert.match(page.url(), /\/presets\/careful-answers\?tab=use$/);
  const shown = await page.locator('pre').allInnerTexts();
  const written = shown.flatMap((text) => /-d '(\{.*\})'/.exec(text)?.[1] ?? []).map((text) => JSON.parse(text));
  assert.equal(written.length, 3, 'each form is a call that can be copied');
  for (const body of written) {
    const answer = await call(body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.equal(answer.body.provider, 'Harbour', 'the cheap one trains on prompts');
    await page.goto(`/generations/${answer.id}`);
    await page.getByRole('link', { name: 'Careful answers' }).waitFor();
    await page.getByText('1 endpoint was not considered').click();
    await page.getByText('May train on prompts, or does not say, by the request').waitFor();
    await page.getByText('Drawn at random, cheaper ones more often').waitFor();
  }
  assert.deepEqual(problems, []);
});

test('versions_are_compared_and_an_older_one_serves_again', LIMIT, async () => {
  await page.goto('/presets/careful-answers');
  await field('Temperature').fill('0.2');
  await page.getByText('Save as version 2').waitFor();
  await save();
  await page.getByText('Version 2 is in use.').waitFor();
  await page.getByRole('link', { name: /^Versions/ }).click();
  await page.getByText('From version 1 to version 2').waitFor();
  assert.match(await page.getByRole('region', { name: 'Difference between version 1 and version 2' }).innerText(), /\+ +"temperature": 0.2/);
  await page.getByRole('button', { name: 'Use again: version 1' }).click();
  await page.getByRole('button', { name: 'Use again: version 2' }).waitFor();
  const stored = await (await fetch(`${server.base}/api/v1/presets/careful-answers`, { headers: { authorization: `Bearer ${secret}` } })).json();
  assert.equal(stored.data.designated_version.version, 1);
  await page.reload();
  await page.getByRole('button', { name: 'Use again: version 2' }).waitFor();
});

test('a_field_that_cannot_be_used_is_marked_and_nothing_typed_is_lost', LIMIT, async () => {
  await page.goto('/presets/~new');
  await field('Name').fill('Careful answers');
  await field('System prompt').fill('Keep me.');
  await field('Temperature').fill('9');
  await save();
  await page.getByRole('alert').getByText(/temperature/).waitFor();
  const note = await field('Temperature').getAttribute('aria-describedby');
  assert.equal(await field('Temperature').getAttribute('aria-invalid'), 'true');
  assert.ok(await field('Temperature').evaluate((element) => element === document.activeElement), 'the person is taken there');
  assert.match(await page.locator(`[id="${note}"]`).innerText(), /must be|number/i);
  await field('Temperature').fill('0.5');
  await page.getByRole('button', { name: 'JSON' }).click();
  await field('Settings as JSON').fill('{"temperature": 0.5, "validate": {"polite": true}}');
  await save();
  await page.getByRole('alert').getByText(/validate/).waitFor();
  await field('Settings as JSON').fill('{"temperature": 0.5,}');
  await page.getByText('The JSON has an error.').waitFor();
  assert.ok(await page.getByRole('button', { name: 'Form', exact: true }).isDisabled(), 'what the form cannot show stays here');
  await field('Settings as JSON').fill('{"temperature": 0.5}');
  await save();
  await page.getByRole('alert').getByText(/exists already/).waitFor();
  await page.getByRole('link', { name: 'All presets' }).click();
  await page.getByRole('dialog', { name: 'Leave without saving?' }).getByRole('button', { name: 'Stay' }).click();
  assert.equal(await field('System prompt').inputValue(), 'Keep me.');
  await field('Name').fill('Other answers');
  await field('Slug').fill('other');
  await save();
  await page.getByRole('heading', { name: 'As the model' }).waitFor();
});

test('a_version_that_appears_meanwhile_is_shown_before_it_is_passed_over', LIMIT, async () => {
  await page.goto('/presets/other');
  await field('Top p').fill('0.9');
  const theirs = await call({ temperature: 0.7 }, '/api/v1/presets/other/chat/completions');
  assert.equal(theirs.status, 200);
  await save();
  await page.getByText('Another version came into use while you were editing').waitFor();
  assert.match(await page.getByRole('region', { name: 'Difference between version 2 and yours' }).innerText(), /− +"temperature": 0.7/);
  assert.equal(await field('Top p').inputValue(), '0.9');
  await page.getByRole('button', { name: 'Save mine as version 3' }).click();
  await page.getByText('Version 3 is in use.').waitFor();
});

test('settings_hold_for_the_next_request_and_a_privacy_conflict_names_who_demands_it', LIMIT, async () => {
  assert.equal((await call({ model: 'mock/sketch' })).status, 200, 'served while nothing forbids it');
  assert.equal((await call({})).status, 400, 'no default model yet');
  await page.goto('/routing');
  await page.getByText('Nothing is restricted and nothing preferred').waitFor();
  await page.getByLabel('Paid endpoints may train on prompts').uncheck();
  await field('Default model', 'combobox').fill('mock/chart');
  await page.getByText('2 settings changed, not saved yet.').waitFor();
  await save();
  await page.getByText('Paid endpoints that train on prompts are left out.').waitFor();
  await page.getByText('Everything is saved.').waitFor();
  const refused = await call({ model: 'mock/sketch' });
  assert.equal(refused.status, 404);
  assert.equal(refused.body.error.message, 'No endpoints found matching your data policy (Paid model training) (demanded by account)');
  await page.goto('/routing?view=plan&model=mock/sketch');
  await page.getByRole('alert').getByText(refused.body.error.message).waitFor();
  await page.getByText('May train on prompts, or does not say, by the account’s settings').waitFor();
  const answer = await call({ models: ['mock/sketch', 'mock/chart'] });
  assert.deepEqual([answer.status, answer.body.provider], [200, 'Harbour']);
  await page.goto(`/generations/${answer.id}`);
  await page.getByText('It is a fallback: no endpoint of the model that was asked for could be used').waitFor();
  await page.getByText('Rules in force').waitFor();
  assert.equal((await call({})).body.model, 'mock/chart', 'the default model serves who names none');
  assert.deepEqual(problems, []);
});

test('workspace_settings_add_to_the_accounts_and_a_bad_entry_is_refused_in_place', LIMIT, async () => {
  await page.goto('/routing?view=workspace');
  await field('Ignored providers', 'combobox').fill('x'.repeat(201));
  await page.keyboard.press('Enter');
  await save();
  await page.getByRole('alert').getByText(/1 to 200 bytes/).waitFor();
  assert.equal(await field('Ignored providers', 'combobox').getAttribute('aria-invalid'), 'true');
  await page.getByRole('link', { name: 'Account' }).click();
  await page.getByRole('dialog', { name: 'Leave without saving?' }).getByRole('button', { name: 'Stay' }).click();
  await page.getByRole('button', { name: 'Discard changes' }).click();
  await field('Rules as JSON').fill('[{"when": {"feature": ["secret*"]}, "restrict": {"ignored_providers": ["harbour"]}}]');
  await save();
  await page.getByText('One further rule applies.').waitFor();
  const free = await call({ model: 'mock/chart' });
  const bound = await call({ model: 'mock/chart', metadata: { feature: 'secret-plans' } });
  assert.deepEqual([free.status, bound.status], [200, 404]);
  assert.match(bound.body.error.message, /provider\.ignore \(demanded by workspace\)/);
});

test('on_a_phone_the_pages_are_behind_more_and_fit_the_screen', LIMIT, async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto('/');
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Presets' }).click();
  await page.getByRole('link', { name: 'Careful answers' }).click();
  await field('Temperature').fill('0.3');
  const button = page.getByRole('button', { name: 'Save as version 3' });
  const box = await button.boundingBox();
  assert.ok(box.y + box.height <= 844 - 56, 'the button stands above the bar at the bottom');
  await button.click();
  await page.getByText('Version 3 is in use.').waitFor();
  for (const path of ['/presets', '/presets/careful-answers?tab=versions', '/routing', '/routing?view=plan&model=mock/chart']) {
    await page.goto(path);
    await page.waitForLoadState('networkidle');
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - globalThis.innerWidth);
    assert.ok(sideways <= 0, `${path} scrolls sideways by ${sideways} px`);
  }
  await page.setViewportSize({ width: 1440, height: 900 });
});

test('a_deleted_preset_is_refused_by_name', LIMIT, async () => {
  await page.goto('/presets/careful-answers');
  await page.getByRole('button', { name: 'Disable' }).click();
  await page.getByRole('button', { name: 'Enable' }).waitFor();
  assert.equal((await call({ model: '@preset/careful-answers' })).status, 404);
  await page.getByRole('button', { name: 'Delete…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete preset' }).click();
  await page.getByRole('heading', { name: 'Presets', exact: true }).waitFor();
  await page.getByRole('link', { name: 'Other answers' }).waitFor();
  assert.equal(await page.getByRole('link', { name: 'Careful answers' }).count(), 0);
  const gone = await call({ model: '@preset/careful-answers' });
  assert.deepEqual([gone.status, gone.body.error.message], [404, 'Preset careful-answers not found']);
});

/**
 * A person's way through the console: set-up link → key → chat → what the answer cost. Against a real server when
 * PORTOLAN_SETUP_URL holds its unused one-time link, otherwise against the mock. PORTOLAN_SCREENSHOTS names a folder
 * for pictures of every stop.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open, startMock } from './browser.mjs';

const real = process.env.PORTOLAN_SETUP_URL;
let mock;
let browser;
let link;

before(async () => {
  browser = await launch();
  if (real) {
    link = new URL(real);
    return;
  }
  mock = await startMock();
  await mock.show('signed-out');
  link = new URL('/setup?token=one-time', mock.base);
});

after(async () => {
  await browser?.close();
  mock?.stop();
});

/** Pictures of a stop: desktop and phone, light and dark. The page is left as it was. */
async function picture(page, name) {
  const folder = process.env.PORTOLAN_SCREENSHOTS;
  if (!folder) return;
  const usual = page.viewportSize();
  for (const [width, height] of [[1440, 900], [390, 844]]) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `${folder}/${name}-${width}-${colorScheme}.png` });
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(usual);
}

/** A decimal as a whole number of 10⁻¹⁸, to check sums without the console's own arithmetic. */
function exact(decimal) {
  const [whole, fraction = ''] = decimal.replace(/[$,]/g, '').split('.');
  return BigInt(whole + fraction.padEnd(18, '0'));
}

async function finishSetup(page) {
  await page.goto(link.pathname + link.search);
  await page.getByRole('button', { name: 'Use the link' }).click();
  await page.getByLabel('Name').fill('Journey');
  await page.getByRole('button', { name: 'Create key' }).click();
  const secret = await page.getByLabel('Your new key').inputValue();
  assert.match(secret, /^sk-or-v1-\w{32,}$/);
  assert.ok(!page.url().includes('token='), 'the used token left the address');
  await picture(page, '1-setup');
  return secret;
}

async function callWith(secret, page) {
  const model = (await page.locator('pre').first().innerText()).match(/"model":"([^"]+)"/)[1];
  const response = await fetch(new URL('/api/v1/chat/completions', link), {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello!' }] }),
  });
  const body = await response.json();
  assert.equal(response.status, 200, JSON.stringify(body));
  assert.ok(body.choices[0].message.content.length > 0);
}

async function secretIsGone(page, secret) {
  await page.goto('/keys');
  await page.getByText('Journey').first().waitFor();
  const traces = await page.evaluate(
    () => document.documentElement.outerHTML + JSON.stringify(localStorage) + JSON.stringify(sessionStorage),
  );
  assert.ok(!traces.includes(secret), 'the secret is neither in the page nor in storage');
}

async function makeLimitedKey(page) {
  await page.getByRole('button', { name: 'Create key' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Weekly budget');
  await dialog.getByText('Amount').click();
  await dialog.getByLabel('Limit in US dollars').fill('2.50');
  await dialog.getByRole('button', { name: 'Create key' }).click();
  await dialog.getByText('Choose when the limit starts again', { exact: true }).waitFor();
  await dialog.getByText('Weekly', { exact: true }).click();
  await dialog.getByRole('button', { name: 'Create key' }).click();
  await page.getByRole('button', { name: 'I have stored it' }).click();
  const row = page.getByRole('row', { name: /Weekly budget/ });
  await row.getByText('$2.50 of $2.50 left').waitFor();
  await row.getByText('weekly', { exact: true }).waitFor();
  await picture(page, '2-keys');
}

async function chatFromModels(page) {
  await page.goto('/models');
  await page.getByLabel('Search models').fill('portolan/demo-echo');
  await page.waitForURL(/[?&]q=portolan\/demo-echo/);
  await page.reload();
  await page.getByRole('link', { name: /^Try/ }).first().waitFor();
  await picture(page, '3-models');
  await page.getByRole('link', { name: /^Try/ }).first().click();
  await page.getByLabel('Your question').fill('What does this answer cost?');
  await page.keyboard.press('Enter');
  const record = page.getByRole('log').locator('a[href^="/generations/"]');
  await record.waitFor({ timeout: 20_000 });
  await picture(page, '4-chat');
  return record;
}

async function costAddsUp(page) {
  const table = page.getByRole('table', { name: 'Cost, line by line' });
  await table.waitFor();
  const rows = await table.getByRole('row').allInnerTexts();
  const lines = rows.map((row) => /([\d\u202f]+) .*× \$([\d.,]+)\/M\s*=\s*\$([\d.,]+)/.exec(row)).filter(Boolean);
  assert.ok(lines.length >= 2, `prompt and answer are charged: ${rows.join(' | ')}`);
  let sum = 0n;
  for (const [line, units, perMillion, amount] of lines) {
    assert.equal((BigInt(units.replaceAll('\u202f', '')) * exact(perMillion)) / 1_000_000n, exact(amount), line);
    sum += exact(amount);
  }
  const rounding = /Rounded[^$]*?([−+]?)\$([\d.,]+)/.exec(rows.join('\n'));
  if (rounding) sum += exact(rounding[2]) * (rounding[1] === '−' ? -1n : 1n);
  const total = /Total\s*\$([\d.,]+)/.exec(rows.join('\n'))[1];
  assert.equal(sum, exact(total));
  await picture(page, '5-generation');
}

test('setup_key_chat_and_the_cost_of_the_answer', { timeout: 120_000 }, async () => {
  const { page, problems, close } = await open(browser, link.origin);
  const secret = await finishSetup(page);
  if (real) await callWith(secret, page);
  await secretIsGone(page, secret);
  await makeLimitedKey(page);
  const record = await chatFromModels(page);
  await record.click();
  await costAddsUp(page);
  await page.reload();
  await costAddsUp(page);
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('link', { name: 'Get API key' }).waitFor();
  assert.deepEqual(problems, []);
  await close();
});

test('a_used_link_says_so', { timeout: 30_000 }, async () => {
  const { page, close } = await open(browser, link.origin);
  await page.goto(real ? link.pathname + link.search : '/setup?token=used');
  await page.getByRole('button', { name: 'Use the link' }).click();
  await page.getByRole('alert').getByText(/404/).waitFor();
  await close();
});

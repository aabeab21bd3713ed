// The page at `/` in Chromium: it is alive, two tabs chat, and what they write does nothing.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';

import { startBrowser, startServer } from './harness.js';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let server;
let browser;
before(async () => {
  [server, browser] = await Promise.all([startServer(), startBrowser()]);
});
after(async () => {
  await browser?.close();
  await server?.dispose();
});

/** A tab of its own; fails the test if the page reports an error. */
async function tab(t, options = {}) {
  const context = await browser.newContext({ locale: 'en-GB', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => { if (/Content.Security.Policy/i.test(message.text())) errors.push(message.text()); });
  t.after(async () => {
    await context.close();
    assert.deepEqual(errors, []);
  });
  await page.goto(server.url);
  return page;
}

async function enter(page, name) {
  await page.fill('#name', name);
  await page.click('#enter button');
  await page.waitForSelector('#state.good');
  await page.waitForSelector('#say button:enabled');
}

async function say(page, text) {
  await page.fill('#text', text);
  await page.press('#text', 'Enter');
}

const saw = (page, text) => page.locator('#messages li:not(.waiting) .what', { hasText: text }).first().waitFor();
const shown = (page) => page.locator('#messages .what').allTextContents();

/** What a person with a screen reader or weak eyes would stumble over. */
async function faults(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

test('the page shows that the server is alive and which app it serves', async (t) => {
  const page = await tab(t);
  await page.locator('#state', { hasText: 'Server is alive' }).waitFor();
  const id = /app id\s+(\S+)/.exec(server.output())[1];
  assert.equal(await page.textContent('#app'), id);
});

test('two tabs chat, each sees the messages of both in the same order', async (t) => {
  const [tom, ann] = [await tab(t), await tab(t)];
  await enter(tom, 'Tom');
  await enter(ann, 'Ann 安');
  await say(tom, 'hello from Tom');
  await saw(ann, 'hello from Tom');
  await say(ann, '你好，Tom 👋');
  await saw(tom, '你好，Tom 👋');
  await saw(ann, '你好，Tom 👋');
  assert.deepEqual((await shown(tom)).slice(-2), ['hello from Tom', '你好，Tom 👋']);
  assert.deepEqual(await shown(ann), await shown(tom));
});

test('whoever comes later reads what was said, the older pages on demand', async (t) => {
  const first = await tab(t);
  await enter(first, 'Writer');
  for (let number = 1; number <= 25; number += 1) await say(first, `line ${number}.`);
  await saw(first, 'line 25.');
  const later = await tab(t);
  await enter(later, 'Reader');
  await saw(later, 'line 25.');
  assert.ok(!(await shown(later)).includes('line 1.'));
  await later.click('#older');
  await saw(later, 'line 1.');
  const lines = (await shown(later)).filter((text) => text.startsWith('line'));
  assert.deepEqual(lines, Array.from({ length: 25 }, (_, index) => `line ${index + 1}.`));
});

test('markup that somebody writes is shown as text', async (t) => {
  const [mallory, ann] = [await tab(t), await tab(t)];
  await enter(mallory, '<b>M</b>');
  await enter(ann, 'Ann');
  const markup = '<img src=x onerror="document.title=\'broken\'"><script>document.title="broken"</script>';
  await say(mallory, markup);
  await saw(ann, markup);
  assert.equal(await ann.title(), 'Yanshu');
  assert.equal(await ann.locator('#messages img, #messages script, #messages b').count(), 0);
});

test('the page comes back by itself after the server was restarted', async (t) => {
  const [tom, ann] = [await tab(t), await tab(t)];
  await enter(tom, 'Tom');
  await enter(ann, 'Ann');
  await say(tom, 'before the restart');
  await saw(ann, 'before the restart');
  assert.equal(await server.stop(), 0);
  await tom.waitForSelector('#state.bad');
  await server.start();
  await tom.waitForSelector('#state.good', { timeout: 30_000 });
  await ann.waitForSelector('#state.good', { timeout: 30_000 });
  await say(tom, 'after the restart');
  await saw(ann, 'after the restart');
  assert.ok((await shown(ann)).includes('before the restart'));
});

test('a Chinese browser gets Chinese, and either language is one press away', async (t) => {
  const page = await tab(t, { locale: 'zh-CN' });
  await page.locator('#state', { hasText: '服务器运行中' }).waitFor();
  assert.equal(await page.getAttribute('html', 'lang'), 'zh');
  await page.click('#language');
  await page.locator('#state', { hasText: 'Server is alive' }).waitFor();
  assert.equal(await page.getAttribute('html', 'lang'), 'en');
});

for (const colorScheme of ['light', 'dark']) {
  test(`nothing on the ${colorScheme} page is in the way of assistive technology`, async (t) => {
    // The checker is put in by the test, which the page's policy rightly forbids to others.
    const page = await tab(t, { colorScheme, bypassCSP: true });
    assert.deepEqual(await faults(page), []);
    await enter(page, 'Tom');
    await say(page, `in ${colorScheme}`);
    await saw(page, `in ${colorScheme}`);
    assert.deepEqual(await faults(page), []);
  });
}

test('the page fits a small phone without sideways scrolling', async (t) => {
  const page = await tab(t, { viewport: { width: 320, height: 568 } });
  await enter(page, 'Tom');
  await say(page, 'a'.repeat(300));
  await saw(page, 'a'.repeat(300));
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 320, `${wide}`);
  const button = await page.locator('#say button').boundingBox();
  assert.ok(button.y + button.height <= 568 && button.height >= 44, JSON.stringify(button));
});

// Tests of `report serve` in Chromium: what a writer sees while files change.
// Run with: node --test tests/browser/serve.mjs
// REPORT_BINARY names the binary (else target/release/report), CHROMIUM the browser (else one on PATH).
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import axe from 'axe-core';
import { launch } from './chromium.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const binary = resolve(process.env.REPORT_BINARY ?? join(root, 'target', 'release', 'report'));

const experiment = `title = "small network"
seeds = 2

[factors]
"train.optimizer.lr" = [0.003, 0.03]

[data]
seed = 0
train_pairs = 40
test_pairs = 40
pooling = 2

[model]
weight_sharing = true
branch = ["flatten", { layer = "linear", outputs = 8 }, "relu", { layer = "linear", outputs = 10 }]
head = [{ layer = "linear", outputs = 1 }, "sigmoid"]

[train]
auxiliary_loss = true
epochs = 2
batch_size = 10
optimizer = { kind = "adam", lr = 0.003 }
`;
const metric = (name, curve) => `[[metric]]
name = "${name}"
label = "${name}"
curve = "${curve}"
reduction = "last"
`;
const paper = `title = "A served paper"

${metric('accuracy', 'published_test_accuracy')}
${metric('other', 'corrected_test_accuracy')}
[[protocol]]
metric = "accuracy"
label = "published"

[[protocol]]
metric = "other"
label = "corrected"

[[table]]
name = "rates"
caption = "Accuracy by learning rate."
metric = "accuracy"
by = ["lr"]
`;
const paragraphs = (from, to) => Array.from({ length: to - from }, (_, at) =>
  `Paragraph ${from + at} says something about the learning rate, at some length, so that it fills two lines of the page.\n`).join('\n');
const prose = `# {{ title }}

The first sentence.

{{ table("rates") }}

${paragraphs(0, 20)}

## Middle

${paragraphs(20, 40)}

## End

${paragraphs(40, 60)}
`;

let browser;
const folders = [];
before(async () => { browser = await launch(); });
after(async () => {
  await browser?.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A project of a few small runs, or a copy of one in the repository. */
function project(copied) {
  const folder = mkdtempSync(join(tmpdir(), 'report-serve-'));
  folders.push(folder);
  if (copied) {
    for (const part of ['experiments', 'templates']) cpSync(join(root, copied, part), join(folder, part), { recursive: true });
    return folder;
  }
  for (const part of ['experiments', 'templates']) mkdirSync(join(folder, part));
  writeFileSync(join(folder, 'experiments', 'small.toml'), experiment);
  writeFileSync(join(folder, 'experiments', 'paper.toml'), paper);
  writeFileSync(join(folder, 'templates', 'paper.md.jinja'), prose);
  return folder;
}

/** Writes a file as most editors do: a new one takes its place. */
function save(folder, name, change) {
  const path = join(folder, name);
  writeFileSync(`${path}~`, change(readFileSync(path, 'utf8')));
  renameSync(`${path}~`, path);
}
const template = 'templates/paper.md.jinja';

/** Serves a folder, opens its page, takes the steps, and fails if the page complains. */
async function served(folder, options, steps) {
  const server = spawn(binary, ['serve', folder, '--port', '0', ...(options.args ?? [])], { stdio: ['ignore', 'pipe', 'ignore'] });
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce', ...options.context });
  try {
    const address = await new Promise((done, failed) => {
      server.stdout.once('data', (line) => done(line.toString().trim()));
      server.once('exit', (status) => failed(new Error(`the server ended with ${status}`)));
    });
    const problems = [];
    context.on('weberror', (thrown) => problems.push(`thrown: ${thrown.error()}`));
    context.on('request', (request) => { if (!request.url().startsWith(address) && !/^(data|blob):/.test(request.url())) problems.push(request.url()); });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    await page.goto(address);
    await steps(page, address, server);
    if (!options.complains) assert.deepEqual(problems, []);
  } finally {
    await context.close();
    server.kill();
  }
}
const shows = (page, text) => page.waitForFunction((text) => document.querySelector('main')?.textContent.includes(text), text, { polling: 10 });
const panel = (page) => page.locator('#_serve_panel');
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Milliseconds from a save to the page with its text on the screen. */
async function saveTimes(page, folder, from, n) {
  const times = [];
  for (let at = 0; at < n; at++) {
    const text = `Sentence number ${at} of this measurement.`;
    const seen = page.waitForFunction((text) => {
      if (!document.querySelector('main')?.textContent.includes(text)) return null;
      // The next frame is painted.
      return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(Date.now()))));
    }, text, { polling: 'raf' });
    await new Promise((done) => setTimeout(done, 120 + 37 * (at % 7)));
    const begun = Date.now();
    save(folder, template, (old) => old.replace(from, text));
    times.push(await (await seen).jsonValue() - begun);
    from = text;
  }
  return times;
}

test('the page shows a saved sentence within 300 ms (median of 20)', async (t) => {
  const folder = project();
  await served(folder, {}, async (page) => {
    await shows(page, 'The first sentence.');
    const times = await saveTimes(page, folder, 'The first sentence.', 20);
    t.diagnostic(`median ${median(times)} ms, from ${Math.min(...times)} to ${Math.max(...times)} ms`);
    assert.ok(median(times) <= 300, `it takes ${times} ms`);
  });
});

test('a mistake stands over the last page, and goes when it is mended', async () => {
  const folder = project();
  await served(folder, {}, async (page) => {
    await shows(page, 'The first sentence.');
    await page.evaluate(() => { globalThis.isOld = true; });
    save(folder, template, (text) => text.replace('"rates"', '"rate"'));
    const error = panel(page).locator('#error');
    await error.waitFor({ state: 'visible' });
    const told = spawnSync(binary, ['build', '--dry-run', '--project', folder], { encoding: 'utf8' });
    assert.equal(await error.textContent(), told.stderr.trimEnd());
    assert.ok(await page.evaluate(() => globalThis.isOld), 'the last page stays');
    assert.ok(await page.locator('h1').isVisible());
    save(folder, template, (text) => text.replace('"rate"', '"rates"'));
    await error.waitFor({ state: 'hidden' });
  });
});

test('a change of the prose keeps the place, the focus and all that the reader has opened', async () => {
  const folder = project();
  await served(folder, {}, async (page) => {
    await shows(page, 'The first sentence.');
    const look = () => page.evaluate(() => {
      const all = [...document.querySelectorAll('main p')];
      const seen = all.find((p) => p.textContent.startsWith('Paragraph 30 '));
      return {
        top: Math.round(seen.getBoundingClientRect().top),
        open: [...document.querySelectorAll('main details')].map(({ open }) => open),
        protocol: document.querySelector('input[name=protocol]:checked')?.value,
        focus: document.activeElement.textContent.slice(0, 40),
        sorted: [...document.querySelectorAll('th[aria-sort]')].map((head) => [head.cellIndex, head.ariaSort]),
      };
    });
    await page.evaluate(() => {
      document.querySelectorAll('input[name=protocol]')[1]?.click();
      document.querySelector('table.sortable th button').click();
      document.querySelector('main details').open = true;
      document.querySelectorAll('nav.contents a')[1].focus({ preventScroll: true });
      const all = [...document.querySelectorAll('main p')];
      all.find((p) => p.textContent.startsWith('Paragraph 30 ')).scrollIntoView({ block: 'center', behavior: 'instant' });
    });
    const before = await look();
    assert.ok(before.open.includes(true) && before.sorted.length > 0 && before.focus !== '');
    // Far above, just above, in the paragraph itself, and below.
    const edits = [
      ['The first sentence.', `The first sentence.\n\n${paragraphs(100, 110)}`, 'Paragraph 105 '],
      ['Paragraph 12 says', 'A new paragraph.\n\nParagraph 12 says', 'A new paragraph.'],
      ['Paragraph 58 says', 'Paragraph 58 now says', 'Paragraph 58 now'],
    ];
    for (const [from, to, text] of edits) {
      save(folder, template, (old) => old.replace(from, to));
      await shows(page, text);
      const now = await look();
      assert.ok(Math.abs(now.top - before.top) <= 2, `${text}: the paragraph moved from ${before.top} to ${now.top}`);
      assert.deepEqual({ ...now, top: 0 }, { ...before, top: 0 }, text);
    }
    // The paragraph at the top of the window is edited: those around it stay.
    await page.evaluate(() => {
      const all = [...document.querySelectorAll('main p')];
      all.find((p) => p.textContent.startsWith('Paragraph 29 ')).scrollIntoView({ block: 'start', behavior: 'instant' });
    });
    const top = (await look()).top;
    save(folder, template, (old) => old.replace('Paragraph 29 says', 'Paragraph 29 (edited) says'));
    await shows(page, 'Paragraph 29 (edited)');
    assert.ok(Math.abs((await look()).top - top) <= 2);
  });
});

test('a new page works as one that was loaded, whether little or much of it has changed', async () => {
  const folder = project();
  assert.equal(spawnSync(binary, ['build', '--project', folder]).status, 0);
  await served(folder, {}, async (page) => {
    await shows(page, 'The first sentence.');
    let navigations = 0;
    page.on('framenavigated', () => { navigations++; });
    const head = () => page.locator('table.sortable th button').first();
    const works = async (what) => {
      assert.equal(await page.locator('table.sortable th button').count(), await page.locator('table.sortable thead th:not(.plain)').count(), what);
      const order = () => head().evaluate((it) => it.closest('th').ariaSort);
      await head().click();
      const first = await order();
      await head().click();
      assert.notEqual(await order(), first, `${what}: a second click does not reverse the order`);
      await page.locator('td.number:has(~ .dots)').first().click();
      assert.equal(await page.locator(':popover-open').count(), 1, what);
      await page.keyboard.press('Escape');
      assert.equal(await page.locator('#_serve_panel').count(), 1, what);
    };
    await works('loaded');
    save(folder, template, (text) => text.replace('Paragraph 3 says', 'Paragraph 3 now says'));
    await shows(page, 'Paragraph 3 now');
    await works('the first edit');
    await page.evaluate(() => { document.querySelector('main p').isOld = true; });
    save(folder, template, (text) => text.replace('Paragraph 4 says', 'Paragraph 4 now says'));
    await shows(page, 'Paragraph 4 now');
    assert.ok(await page.evaluate(() => document.querySelector('main p').isOld), 'only one paragraph is another');
    await works('one paragraph');
    save(folder, template, (text) => text.replace('## Middle', '## Centre'));
    await shows(page, 'Centre');
    assert.equal(await page.locator('nav.contents a', { hasText: 'Centre' }).count(), 1);
    await works('a heading');
    save(folder, template, (text) => text.replace('Paragraph 5 says', 'Paragraph 5 (see {{ reference("rates") }}) says'));
    await shows(page, 'Paragraph 5 (see');
    await page.locator('a.reference').first().hover();
    await page.locator('#_preview').waitFor();
    assert.equal(navigations, 0);
  });
});

test('a page whose script cannot run twice is loaded as a whole', async () => {
  const folder = project();
  const own = readFileSync(join(root, 'templates', 'page.html.jinja'), 'utf8');
  const script = '<script>if (globalThis.hasRun) throw new Error("twice"); globalThis.hasRun = true;</script>';
  writeFileSync(join(folder, 'templates', 'page.html.jinja'), own.replace('</body>', `${script}</body>`));
  await served(folder, { complains: true }, async (page) => {
    await shows(page, 'The first sentence.');
    let navigations = 0;
    page.on('framenavigated', () => { navigations++; });
    save(folder, template, (text) => text.replace('Paragraph 3 says', 'Paragraph 3 now says'));
    await shows(page, 'Paragraph 3 now');
    await page.waitForFunction(() => document.querySelector('#_serve_panel'));
    assert.equal(navigations, 1);
  });
});

test('the address of a place stays, and the page does not go there again', async () => {
  const folder = project();
  await served(folder, {}, async (page, address) => {
    await shows(page, 'The first sentence.');
    const id = await page.evaluate(() => [...document.querySelectorAll('main h2')].find((h) => h.textContent.includes('End')).id);
    await page.evaluate((id) => { location.hash = id; }, id);
    await page.evaluate(() => scrollTo({ top: 300, behavior: 'instant' }));
    save(folder, template, (old) => old.replace('Paragraph 59 says', 'Paragraph 59 now says'));
    await shows(page, 'Paragraph 59 now');
    assert.equal(page.url(), `${address}#${id}`);
    assert.ok(Math.abs(await page.evaluate(() => scrollY) - 300) <= 2);
  });
});

test('the button trains the missing runs, with live curves, and the page shows the results', async () => {
  const folder = project();
  save(folder, 'experiments/small.toml', (text) => text.replace('epochs = 2', 'epochs = 15000'));
  await served(folder, {}, async (page) => {
    await shows(page, 'The first sentence.');
    await panel(page).locator('#summary').click();
    await panel(page).getByText('4 runs to train').waitFor();
    assert.equal(await panel(page).locator('#line').textContent(), '4 of 4 runs missing');
    await panel(page).getByRole('button', { name: 'Train 4 runs' }).click();
    const curve = panel(page).locator('.curve svg path').first();
    await curve.waitFor();
    const points = async () => (await curve.getAttribute('d')).split('L').length;
    await page.waitForFunction(() => /epoch \d+ of 15000/.test(document.querySelector('#_serve_panel').shadowRoot.textContent));
    assert.ok(await points() > 5);
    assert.match(await panel(page).locator('#line').textContent(), /^\d of 4 trained$/);
    await page.waitForFunction(() => document.querySelector('#_serve_panel').shadowRoot.getElementById('line').textContent === 'up to date', null, { timeout: 120_000 });
    assert.ok((await page.locator('main table').first().textContent()).match(/\d\d\.\d/), 'the table has numbers');
    // The panel is still open, after new pages.
    assert.ok(await panel(page).locator('#panel').evaluate(({ open }) => open));
  });
});

for (const colorScheme of ['light', 'dark']) {
  for (const width of [360, 1280]) {
    test(`axe finds nothing to object to in the panel in ${colorScheme} at ${width} px`, async () => {
      const folder = project();
      await served(folder, { context: { colorScheme, viewport: { width, height: 740 } } }, async (page) => {
        await shows(page, 'The first sentence.');
        await panel(page).locator('#summary').click();
        const colour = await panel(page).locator('.panel').evaluate((it) => getComputedStyle(it).backgroundColor);
        assert.equal(colour, colorScheme === 'dark' ? 'rgb(33, 33, 33)' : 'rgb(245, 245, 243)');
        const check = async () => {
          await page.evaluate(axe.source);
          const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
          assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), []);
          const isWide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
          assert.ok(!isWide, 'the page scrolls sideways');
        };
        await check();
        save(folder, template, (text) => text.replace('"rates"', '"rate"'));
        await panel(page).locator('#error').waitFor({ state: 'visible' });
        await check();
      });
    });
  }
}

test('the list of several papers follows their states', async () => {
  const gallery = mkdtempSync(join(tmpdir(), 'report-gallery-'));
  folders.push(gallery);
  for (const name of ['one', 'two']) renameSync(project(), join(gallery, name));
  await served(gallery, {}, async (page, address) => {
    await page.getByText('0 of 4 runs recorded').nth(1).waitFor();
    save(join(gallery, 'two'), template, (text) => text.replace('"rates"', '"rate"'));
    await page.locator('.error').waitFor();
    await page.getByRole('link', { name: 'A served paper' }).first().click();
    await shows(page, 'The first sentence.');
    assert.equal(page.url(), `${address}one/`);
  });
});

test('a page whose server has ended says so, and goes on with the next server', async () => {
  const folder = project();
  await served(folder, {}, async (page, address, server) => {
    await shows(page, 'The first sentence.');
    server.kill();
    await panel(page).getByText('no connection: report serve has ended').waitFor();
    save(folder, template, (text) => text.replace('The first sentence.', 'After the break.'));
    const again = spawn(binary, ['serve', folder, '--port', new URL(address).port], { stdio: 'ignore' });
    try {
      await shows(page, 'After the break.');
    } finally {
      again.kill();
    }
  });
});

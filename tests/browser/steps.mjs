// What the tests of the page share: the browser, and steps that one takes in it.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { launch } from './chromium.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** The page under test. */
export const file = resolve(process.env.REPORT_PAGE ?? join(root, 'reports', 'report.html'));
export const address = pathToFileURL(file).href;
export const protocols = ['published', 'corrected', 'held-out'];
export const narrow = { width: 360, height: 740 };
export const wide = { width: 1280, height: 900 };
/** A phone, a tablet, a laptop and a large screen. */
export const viewports = [narrow, { width: 768, height: 1024 }, wide, { width: 1920, height: 1080 }];

let browser;
before(async () => {
  assert.ok(existsSync(file), `there is no page ${file}`);
  browser = await launch();
});
after(() => browser?.close());

/** Opens the page, takes the steps, and fails if the page complained or asked for anything meanwhile. */
export async function onPage(options, steps) {
  const context = await browser.newContext({ viewport: wide, reducedMotion: 'reduce', ...options });
  const problems = [];
  context.on('request', (request) => {
    const own = request.url().split('#')[0] === address;
    if (!own && !/^(data|blob):/.test(request.url())) problems.push(`a request for ${request.url()}`);
  });
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(`console: ${message.text()}`);
  });
  context.on('weberror', (thrown) => problems.push(`thrown: ${thrown.error()}`));
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(5000);
    await page.goto(address);
    const result = await steps(page, context);
    none(problems, 'the page complains or asks for something');
    return result;
  } finally {
    await context.close();
  }
}

/** A test that is steps on the page. */
export const testPage = (name, options, steps) => test(name, () => onPage(options, steps));

/** All elements that the selector finds; that there is none fails the test. */
export async function some(page, selector) {
  const found = await page.$$(selector);
  assert.ok(found.length > 0, `the page has no ${selector}`);
  return found;
}

/** Fails unless the list is empty, and then prints it. */
export function none(list, what) {
  assert.equal(list.length, 0, `${what}:\n  ${list.join('\n  ')}`);
}

/** Waits until the function, which may be async, holds in the page; after two seconds it fails. */
export async function until(page, holds, argument, otherwise) {
  const end = Date.now() + 2000;
  while (!(await page.evaluate(holds, argument))) {
    assert.ok(Date.now() < end, otherwise);
    await page.waitForTimeout(20);
  }
}

/** Takes the page through every state worth a look: drawers closed, then open under each protocol. */
export async function* states(page) {
  yield 'drawers closed';
  await openDrawers(page);
  const choices = await page.$$('input[name=protocol]');
  if (choices.length === 0) yield 'drawers open';
  for (const choice of choices) {
    yield `drawers open, ${await choice.evaluate((radio) => (radio.click(), radio.value))}`;
  }
}

export const openDrawers = (page) =>
  page.$$eval('details', (drawers) => drawers.forEach((drawer) => (drawer.open = true)));

/** Opens what hides an element: the drawers and popovers around it, and another protocol than its own. */
export const reveal = (element) => element.evaluate((start) => {
  for (let at = start; at; at = at.parentElement) {
    const own = [...at.classList].find((name) => name.startsWith('protocol-'));
    if (own) {
      const radio = document.querySelector(`input[name=protocol][value=${own.slice(9)}]`);
      if (!radio) throw new Error(`there is a .${own}, but no radio button of that value`);
      radio.click();
    }
    if (at.localName === 'details' && start.localName !== 'summary') at.open = true;
    if (at.popover && !at.matches(':popover-open')) at.showPopover();
  }
});

/** A few words on an element, for messages. */
export const describe = (element) => element.evaluate((it) => {
  const id = it.id || it.getAttribute('popovertarget') || it.getAttribute('href') || it.closest('[id]')?.id;
  return `${it.localName} ${id} "${it.textContent.trim().slice(0, 40)}"`;
});

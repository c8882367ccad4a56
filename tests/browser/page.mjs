// Tests of the report's page in Chromium, opened as a reader opens it: a file on disk.
// Run with: node --test tests/browser/page.mjs
// REPORT_PAGE names the page (else reports/report.html), CHROMIUM the browser (else one on PATH).
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import axe from 'axe-core';
import { layOut, print, setMarks } from './paper.mjs';
import { address, describe, file, narrow, none, onPage, openDrawers, protocols } from './steps.mjs';
import { reveal, some, states, testPage, until, viewports, wide } from './steps.mjs';

// ---- the page as such ----

testPage('the page loads without a complaint or a request for anything else', {}, async (page) => {
  const urls = [];
  page.on('request', (request) => urls.push(request.url()));
  await page.reload();
  for await (const _ of states(page)) await page.waitForTimeout(100);
  assert.deepEqual(urls.filter((url) => !/^(data|blob):/.test(url)), [address]);
});

testPage('the page weighs at most 2 MB', {}, async () => {
  assert.ok(statSync(file).size <= 2e6, `it weighs ${statSync(file).size} bytes`);
});

for (const viewport of viewports) {
  const name = `the largest part of the first screen is painted in half a second and nothing moves at ${viewport.width} px`;
  testPage(name, { viewport }, async (page) => {
    // The machine may be busy: the best of three openings.
    const times = [];
    for (let at = 0; at < 3; at++) {
      await page.reload();
      const [time, shift] = await page.evaluate(() => new Promise((done) => {
        const all = (type, found) =>
          new PerformanceObserver((list) => found(list.getEntries())).observe({ type, buffered: true });
        let [time, shift] = [0, 0];
        all('largest-contentful-paint', (entries) => { time = entries.at(-1).startTime; });
        all('layout-shift', (entries) => { for (const { value } of entries) shift += value; });
        setTimeout(() => done([time, shift]), 400);
      }));
      assert.equal(shift, 0, `${shift} of the screen moved`);
      assert.ok(time > 0, 'nothing was painted');
      times.push(time);
    }
    assert.ok(Math.min(...times) <= 500, `it takes ${times} ms`);
  });

  testPage(`the first screen shows the title, the verdicts and a figure at ${viewport.width} px`, { viewport }, async (page) => {
    // On a phone, the first two screens.
    const screens = viewport.width < 700 ? 2 : 1;
    for (const selector of ['h1', '.verdicts li', '.item figure']) {
      const { top, height } = await (await page.$(selector)).boundingBox().then(({ y, height }) => ({ top: y, height }));
      const seen = screens * viewport.height - top;
      assert.ok(seen >= Math.min(height, 60), `${selector} begins at ${top} px`);
    }
  });
}

for (const viewport of viewports) {
  const name = `the document does not scroll sideways at ${viewport.width} px`;
  testPage(name, { viewport }, async (page) => {
    for await (const state of states(page)) {
      const wrong = await page.evaluate(() => {
        const whole = document.documentElement;
        const overflow = (it) => getComputedStyle(it).overflowX;
        const hides = [whole, document.body].find((it) => !/visible|auto/.test(overflow(it)));
        if (hides) return [`${hides.localName} hides what is too wide`];
        if (whole.scrollWidth <= whole.clientWidth) return [];
        const beyond = (it) => it.getBoundingClientRect().right > whole.clientWidth;
        const wider = [...document.body.querySelectorAll('*')].filter(beyond).slice(0, 8);
        return [`${whole.scrollWidth} px wide`, ...wider.map((it) => it.outerHTML.slice(0, 100))];
      });
      none(wrong, state);
    }
  });
}

testPage('ids are unique, and every reference to an id finds it', {}, async (page) => {
  await some(page, '[href^="#"]');
  const wrong = await page.evaluate(() => {
    const ids = [...document.querySelectorAll('[id]')].map((it) => it.id);
    const wrong = ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `${id} is not unique`);
    const lists = ['popovertarget', 'for', 'headers', 'data-copy', 'aria-labelledby',
      'aria-controls', 'aria-describedby', 'aria-details', 'aria-owns'];
    const named = ({ name, value }) => {
      if (/^(xlink:)?href$/.test(name)) return value[0] === '#' ? [decodeURIComponent(value.slice(1))] : [];
      if (lists.includes(name)) return value.split(/\s+/);
      return [...value.matchAll(/url\(["']?#([^"')]+)/g)].map(([, id]) => id);
    };
    for (const element of document.querySelectorAll('*')) {
      for (const attribute of element.attributes) {
        const { name, value } = attribute;
        if (named(attribute).every((id) => ids.includes(id))) continue;
        wrong.push(`${element.localName} ${name}="${value}" names no element`);
      }
    }
    return wrong;
  });
  none(wrong, 'ids');
});

for (const colorScheme of ['light', 'dark']) {
  // Between a phone and a laptop, and beyond, only the places change and not the colours.
  for (const viewport of colorScheme === 'light' ? viewports : [narrow, wide]) {
    const name = `axe finds nothing to object to in ${colorScheme} at ${viewport.width} px`;
    testPage(name, { colorScheme, viewport }, async (page) => {
      await page.evaluate(axe.source);
      const found = new Map();
      for await (const state of states(page)) {
        const options = { resultTypes: ['violations'] };
        const { violations } = await page.evaluate((it) => globalThis.axe.run(document, it), options);
        for (const { id, help, nodes } of violations) {
          const places = nodes.slice(0, 5).map((node) => node.target.join(' ')).join(' | ');
          const line = `${id} (${help}), ${nodes.length} times: ${places}`;
          found.set(line, [...(found.get(line) ?? []), state]);
        }
      }
      none([...found].map(([line, when]) => `${line} [${when.join('; ')}]`), 'violations');
    });
  }
}

// ---- without JavaScript ----

test('without JavaScript the page says and shows all that it does with it', async () => {
  const read = (javaScriptEnabled) => onPage({ javaScriptEnabled }, async (page) => {
    const seen = [];
    await page.$$eval('button[data-copy]', (all) => all.forEach((it) => (it.style.display = 'none')));
    for await (const state of states(page)) {
      const { text, hidden } = await page.evaluate(() => {
        const how = { visibilityProperty: true, opacityProperty: true };
        const hidden = (it) => !it.checkVisibility(how) || it.offsetHeight === 0;
        const shown = [...document.querySelectorAll('main :is(table, figure):not([popover] *)')];
        return {
          text: document.querySelector('main').innerText.trim(),
          hidden: shown.map((it) => hidden(it) && it.outerHTML.slice(0, 100)),
        };
      });
      seen.push({ lines: [state, ...text.split(/\s*\n\s*/)], hidden });
    }
    return seen;
  });
  const [without, with_] = [await read(false), await read(true)];
  assert.deepEqual(without.map(({ lines }) => lines), with_.map(({ lines }) => lines));
  const [{ hidden: first }] = without;
  assert.ok(first.length > 0, 'the page has no table and no figure');
  none(first.filter((_, at) => without.every(({ hidden }) => hidden[at])), 'never shown');
});

for (const javaScriptEnabled of [true, false]) {
  const name = `the keyboard switches the protocol ${javaScriptEnabled ? 'with' : 'without'} JavaScript`;
  testPage(name, { javaScriptEnabled }, async (page) => {
    for (const protocol of protocols) {
      await some(page, `input[type=radio][name=protocol][value=${protocol}]`);
      await some(page, `.protocol-${protocol}`);
    }
    const atSwitch = () => page.evaluate(() => document.activeElement.matches('[name=protocol]'));
    for (let at = 0; at < 100 && !(await atSwitch()); at++) await page.keyboard.press('Tab');
    assert.ok(await atSwitch(), 'a hundred presses of Tab do not reach the switch');
    await openDrawers(page);
    const chosen = new Set();
    for (const _ of protocols) {
      await page.keyboard.press('ArrowRight');
      const { checked, wrong } = await page.evaluate(() => {
        const checked = document.querySelector('input[name=protocol]:checked').value;
        const own = (it) => [...it.classList].filter((name) => name.startsWith('protocol-'));
        const fits = (it) => own(it).length === 0 || own(it).includes(`protocol-${checked}`);
        const wanted = (it) => !it || (fits(it) && wanted(it.parentElement));
        const wrong = [...document.querySelectorAll('[class*="protocol-"]')].filter((it) =>
          own(it).length > 0 && !it.closest('[popover], #_preview') && it.checkVisibility() !== wanted(it));
        const line = (it) => `${wanted(it) ? 'hidden' : 'shown'}: ${it.outerHTML.slice(0, 100)}`;
        return { checked, wrong: wrong.map(line) };
      });
      none(wrong, `when ${checked} is checked`);
      chosen.add(checked);
    }
    assert.deepEqual([...chosen].sort(), [...protocols].sort());
  });
}

// ---- with the keyboard and the pointer ----

testPage('every drawer opens by Enter and says what makes its content', { viewport: narrow }, async (page) => {
  for (const summary of await some(page, 'details.made > summary')) {
    await reveal(summary);
    await summary.focus();
    await page.keyboard.press('Enter');
    const drawer = await summary.evaluate(({ parentElement: it }) => ({ open: it.open, text: it.innerText }));
    assert.ok(drawer.open, `${await describe(summary)} stays closed`);
    assert.match(drawer.text, /\breport build\b/, `${await describe(summary)} names no command`);
    await page.keyboard.press('Enter');
  }
});

testPage('every value opens what is behind it by Enter and closes it by Escape', { viewport: narrow }, async (page) => {
  for (const button of await some(page, 'button[popovertarget]')) {
    await reveal(button);
    const look = () => button.evaluate(({ popoverTargetElement: about }) => {
      const { left, top, right, bottom } = about.getBoundingClientRect();
      const inside = left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
      return { open: about.matches(':popover-open'), text: about.innerText.trim(), inside };
    });
    const name = await describe(button);
    await button.focus();
    await page.keyboard.press('Enter');
    const { open, text, inside } = await look();
    assert.ok(open && text !== '', `${name} opens nothing`);
    assert.ok(inside, `what ${name} opens does not lie on the screen`);
    await page.keyboard.press('Escape');
    assert.ok(!(await look()).open, `what ${name} opens stays open`);
  }
});

testPage('the address of a number or a row opens its runs, under its protocol', {}, async (page) => {
  const anchors = await page.evaluate(() => {
    const one = (selector) => [...document.querySelectorAll(selector)].at(-1).id;
    return [one('main button.value[id]'), ...['published', 'held-out'].flatMap((protocol) =>
      [one(`.protocol-${protocol} td.number:has(~ .dots)`), one(`.protocol-${protocol} tr:has(.dots circle)`)])];
  });
  assert.ok(anchors.every(Boolean), `an element has no id: ${anchors}`);
  for (const anchor of anchors) {
    await page.goto(address);
    await page.evaluate((id) => { location.hash = id; }, anchor);
    await until(page, () => document.querySelector(':popover-open'), null, `${anchor} opens nothing`);
    const { text, runs, shown } = await page.evaluate((id) => ({
      text: document.querySelector(':popover-open').innerText,
      runs: document.querySelectorAll(':popover-open .runs li').length,
      shown: document.getElementById(id).checkVisibility(),
    }), anchor);
    assert.ok(shown, `${anchor} is not shown`);
    assert.match(text, /\bseed \d+: .*\b[0-9a-f]{12}\b/s, `${anchor} names no run`);
    assert.ok(runs > 1, `${anchor} lists ${runs} runs`);
    await page.keyboard.press('Escape');
  }
});

testPage('a click on a number of a table opens the same as its address', {}, async (page) => {
  const cell = (await some(page, 'td.number:has(~ .dots)'))[0];
  await cell.click();
  const text = await page.$eval(':popover-open', (it) => it.innerText);
  assert.ok(text.startsWith((await cell.innerText()).trim()), text);
  const link = await page.$eval(':popover-open a', (it) => it.hash.slice(1));
  assert.equal(link, await cell.getAttribute('id'));
});

testPage('column heads sort by pointer and keyboard, numbers as numbers', {}, async (page) => {
  for (const button of await some(page, 'table.sortable th button')) {
    await reveal(button);
    const look = () => button.evaluate((it) => {
      const [head, table] = [it.closest('th'), it.closest('table')];
      const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
      const cells = rows.map((row) => row.cells[head.cellIndex]);
      return {
        order: head.ariaSort,
        sorted: table.querySelectorAll('[aria-sort]:not([aria-sort=none])').length,
        values: cells.map((cell) => (cell.dataset.sort ?? cell.innerText).trim()),
        rows: rows.map((row) => row.innerText).sort(),
      };
    });
    const name = await describe(button);
    const { rows } = await look();
    let last = null;
    for (const way of ['click', 'click', 'Enter', 'Enter', 'Space', 'Space']) {
      await (way === 'click' ? button.click() : button.press(way));
      const { order, sorted, values, rows: now } = await look();
      assert.match(order ?? '', /^(a|de)scending$/, `${name}: aria-sort after ${way}`);
      assert.equal(sorted, 1, `${name}: columns with aria-sort after ${way}`);
      assert.notEqual(order, last, `${name}: a second ${way} does not reverse`);
      assert.deepEqual(now, rows, `${name}: ${way} changes rows`);
      const told = values.filter((value) => !/^[–—-]?$/.test(value));
      const rising = rises(order === 'ascending' ? told : told.reverse());
      assert.ok(rising, `${name}: not ${order} after ${way}: ${values.join('; ')}`);
      last = order;
    }
  }
});

/** Whether values rise: as numbers if all are (a unit may follow), else as text in a usual order. */
function rises(values) {
  const number = (value) =>
    Number(value.replace('−', '-').replace(/,(?=\d{3})/g, '').replace(/\s*(%|s|ms)$/, ''));
  const collate = (numeric) => new Intl.Collator('en', { numeric }).compare;
  const orders = values.every((value) => Number.isFinite(number(value)))
    ? [(a, b) => number(a) - number(b)]
    : [(a, b) => (a < b ? -1 : Number(a > b)), collate(true), collate(false)];
  return orders.some((order) => values.every((value, at) => at === 0 || order(values[at - 1], value) <= 0));
}

testPage('a reference previews its target on hover and focus, and Escape hides that', {}, async (page) => {
  await some(page, '#_preview');
  const previews = (caption) => {
    const preview = document.querySelector('#_preview');
    const visible = preview.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    const text = preview.textContent.replace(/\s+/g, ' ');
    return caption === null ? !visible : visible && text.includes(caption);
  };
  for (const link of await some(page, 'a.reference')) {
    await reveal(link);
    const name = await describe(link);
    const caption = await link.evaluate((it) => {
      const target = document.getElementById(it.hash.slice(1))?.querySelector('figcaption, caption');
      return target?.textContent.replace(/\s+/g, ' ').trim();
    });
    assert.ok(caption, `the target of ${name} holds no figcaption or caption`);
    for (const way of ['hover', 'focus']) {
      await page.mouse.move(0, 0);
      await until(page, previews, null, `the preview is there before ${way} of ${name}`);
      await link[way]();
      await until(page, previews, caption, `${way} of ${name} does not preview "${caption}"`);
      const ids = await page.$$eval('[id]', (all) => all.map((it) => it.id));
      none(ids.filter((id, at) => ids.indexOf(id) !== at), `ids that the preview of ${name} repeats`);
      await page.keyboard.press('Escape');
      await until(page, previews, null, `Escape does not hide the preview of ${name}`);
    }
    await link.evaluate((it) => it.blur());
  }
});

testPage('a copy button puts the text that it names on the clipboard', {}, async (page, context) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const copied = async (text) => (await navigator.clipboard.readText()).trim() === text;
  for (const button of await some(page, 'button[data-copy]')) {
    await reveal(button);
    const text = await button.evaluate((it) => document.getElementById(it.dataset.copy)?.textContent.trim());
    assert.ok(text, `${await describe(button)} names nothing to copy`);
    await page.evaluate(() => navigator.clipboard.writeText('nothing yet'));
    await button.press('Enter');
    await until(page, copied, text, `"${text}" is not on the clipboard`);
  }
});

testPage('every dot of a drawing that has a title names its seed and its record', {}, async (page) => {
  await some(page, 'svg circle > title');
  const titles = await page.$$eval('svg circle > title', (all) => all.map((it) => it.textContent));
  const whole = (title) => /\bseed\b/.test(title) && /\b[0-9a-f]{12}\b/.test(title);
  none(titles.filter((title) => !whole(title)), 'no seed or no digest');
});

// ---- on paper ----

testPage('on paper no table or figure is too wide, and none is cut that fits on a sheet', {}, async (page) => {
  await setMarks(page);
  for await (const state of states(page)) {
    const words = await print(page);
    const found = (mark) => words.filter(({ text }) => text.includes(mark));
    const [[start], [hundred], [end]] = ['qxstartq', 'qxhundredq', 'qxendq'].map(found);
    const point = 0.75; // of a CSS pixel
    const scale = Math.round((hundred.left - start.left) / point);
    assert.ok(scale >= 99, `${state}: something is so wide that all is printed at ${scale} %`);
    const width = Math.round((end.right - start.left) / point);
    const height = Math.round((end.bottom - start.top) / point);
    const boxes = await layOut(page, { width, height });
    const sheets = ({ mark }) => found(mark).map(({ sheet }) => sheet);
    const marked = boxes.filter(({ mark }) => mark !== undefined);
    assert.ok(marked.length > 0, `${state}: no table and no figure is printed`);
    const cut = marked.filter((box) => box.height < height - 8 && new Set(sheets(box)).size > 1);
    none([
      ...boxes.filter(({ beyond }) => beyond).map(({ name }) => `${name} is wider than the sheet`),
      ...marked.filter((box) => sheets(box).length < 2).map(({ name }) => `${name} is not printed`),
      ...cut.map((box) => `${box.name} is cut: it is on sheets ${sheets(box).join(' and ')}`),
    ], state);
  }
});

testPage('the paper needs at most ten sheets, and each has words on its lower half', {}, async (page) => {
  const words = await print(page);
  const last = Math.max(...words.map(({ sheet }) => sheet));
  assert.ok(last <= 10, `it needs ${last} sheets`);
  const height = Math.max(...words.map(({ bottom }) => bottom));
  for (let sheet = 1; sheet < last; sheet++) {
    const lowest = Math.max(...words.filter((word) => word.sheet === sheet).map(({ bottom }) => bottom));
    assert.ok(lowest > height / 2, `sheet ${sheet} ends at ${Math.round(lowest)} of ${Math.round(height)} points`);
    const head = words.filter((word) => word.sheet === sheet && word.bottom < 60).map(({ text }) => text).join(' ');
    if (sheet > 1) assert.match(head, new RegExp(`${sheet} / ${last}`), `the head of sheet ${sheet}: ${head}`);
  }
});

testPage('on paper there are no controls, and links, values and heads keep their text', {}, async (page) => {
  await some(page, 'nav');
  await some(page, 'input[name=protocol]');
  const texts = 'main a[href], button[popovertarget], th button'; // on paper these are text
  const choices = 'input, select, label:has(input), fieldset:has(input)';
  const controls = `nav, ${choices}, button:not([popovertarget], th button)`;
  await page.$$eval(texts, (all) => all.forEach((it, at) => {
    const bound = `<span style="font: 1px/1 monospace">qx${at}q</span>`;
    it.insertAdjacentHTML('afterbegin', bound);
    it.insertAdjacentHTML('beforeend', bound);
  }));
  const visible = (selector) => page.$$eval(selector, (all) =>
    all.filter((it) => it.checkVisibility()).map((it) => it.innerText || it.outerHTML));
  const bare = (text) => text.normalize('NFKC').replace(/\s+/g, '');
  for await (const state of states(page)) {
    const sheets = [];
    for (const { sheet, text } of await print(page)) sheets[sheet] = (sheets[sheet] ?? '') + bare(text);
    await page.emulateMedia({ media: 'print' });
    none(await visible(controls), `${state}: controls on paper`);
    none((await visible(texts)).filter((text) => !drawn(bare(text), sheets)), `${state}: not on paper`);
    await page.emulateMedia({ media: null });
  }
});

/** Whether a text is on a sheet, or begins at the end of one and goes on at the head of the next. */
function drawn(text, sheets) {
  const parted = (sheet, at) => [...Array(text.length).keys()].some((cut) =>
    sheet.includes(text.slice(cut)) && sheets[at - 1]?.includes(text.slice(0, cut)));
  return sheets.some((sheet) => sheet.includes(text)) || sheets.some(parted);
}

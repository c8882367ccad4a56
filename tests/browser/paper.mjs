// The page on paper: what Chromium prints, read back with pdftotext of poppler-utils.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Prints the page on A4; returns the words of each sheet in the order in which they are drawn. */
export async function print(page) {
  const folder = mkdtempSync(join(tmpdir(), 'report-print-'));
  try {
    const path = join(folder, 'page.pdf');
    const margin = { left: '1cm', right: '1cm', top: '1cm', bottom: '1cm' }; // @page goes before it
    await page.pdf({ path, format: 'A4', margin });
    const how = { encoding: 'utf8', maxBuffer: 1e8 };
    const { error, status, stdout } = spawnSync('pdftotext', ['-raw', '-bbox', path, '-'], how);
    assert.ok(!error && status === 0, `pdftotext, of poppler-utils, fails: ${error ?? status}`);
    const word = /xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">(.*?)<\/word>/g;
    const read = (sheet) => ([, left, top, right, bottom, text]) =>
      ({ sheet, left: +left, top: +top, right: +right, bottom: +bottom, text: plain(text) });
    const sheets = stdout.split('<page ').slice(1);
    return sheets.flatMap((sheet, at) => [...sheet.matchAll(word)].map(read(at + 1)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const characters = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const plain = (xml) => xml.replace(/&(amp|lt|gt|quot|apos);/g, (_, name) => characters[name]);

/** Sets small marks, out of the flow, where the sheet, and each table and figure, begin and end. */
export const setMarks = (page) => page.evaluate(() => {
  const set = (text, place, first, parent) => {
    const span = document.createElement('span');
    span.textContent = text;
    span.style.cssText = `position: absolute; font: 4px/1 monospace; ${place}`;
    parent[first ? 'prepend' : 'append'](span);
  };
  document.querySelectorAll('table, figure').forEach((it, at) => {
    if (getComputedStyle(it).position === 'static') it.style.position = 'relative';
    it.dataset.mark = `qx${at}q`;
    set(it.dataset.mark, 'left: 0; top: 0', true, it.rows ? it.caption ?? it.rows[0].cells[0] : it);
    set(it.dataset.mark, 'left: 0; bottom: 0', false, it.rows ? [...it.rows].at(-1).cells[0] : it);
  });
  set('qxstartq', 'left: 0; top: 0', false, document.documentElement);
  set('qxhundredq', 'left: 100px; top: 0', false, document.documentElement);
  set('qxendq', 'right: 0; bottom: 0', false, document.documentElement);
});

/** The tables, figures and such as they are laid out for a sheet of this size in CSS pixels. */
export async function layOut(page, sheet) {
  const screen = page.viewportSize();
  await page.emulateMedia({ media: 'print' });
  await page.setViewportSize(sheet);
  const boxes = await page.$$eval('table, figure, svg, pre', (all) => {
    const measure = (it) => {
      const { left, right, height } = it.getBoundingClientRect();
      let beyond = left < -1 || right > innerWidth + 1;
      for (let at = it; at; at = at.parentElement) {
        beyond ||= getComputedStyle(at).overflowX !== 'visible' && at.scrollWidth > at.clientWidth + 1;
      }
      const named = it.querySelector('caption, figcaption') ?? it;
      const words = (named.innerText ?? named.textContent).replace(/qx\d+q|\s+/g, ' ').trim();
      return { name: `${it.localName} "${words.slice(0, 60)}"`, mark: it.dataset.mark, beyond, height };
    };
    return all.filter((it) => it.checkVisibility()).map(measure);
  });
  await page.emulateMedia({ media: null });
  await page.setViewportSize(screen);
  return boxes;
}

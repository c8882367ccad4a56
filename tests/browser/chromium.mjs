// The browser of the tests.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

/** Starts Chromium: the one that CHROMIUM names, else one on PATH. */
export async function launch() {
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const folders = process.env.PATH.split(delimiter);
  const places = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  const executablePath = process.env.CHROMIUM ?? places.find(existsSync);
  assert.ok(executablePath, 'there is no Chromium on PATH; install one, or name it in CHROMIUM');
  return chromium.launch({ executablePath, args: ['--disable-gpu', '--disable-quic'] });
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { exitCode } from '../../../src/base/exit-code.ts';
import { kinds } from '../../integration/gallery/gallery.ts';
import { root } from './source-files.ts';

let readme: string;

beforeAll(async () => {
  readme = await readFile(join(root, 'README.md'), 'utf8');
});

/** The text of each fenced block in a language. */
function blocks(language: string): string[] {
  return [...readme.matchAll(/^```(?<language>\w+)\n(?<text>.*?)^```$/gms)]
    .filter(({ groups }) => groups?.['language'] === language)
    .map(({ groups }) => groups?.['text'] ?? '');
}

test('the plan that the README opens with is the one in plans/', async () => {
  const [plan] = blocks('yaml');
  expect(parse(plan ?? '')).toEqual(parse(await readFile(join(root, 'plans', 'nightly-prod.yaml'), 'utf8')));
});

test('the README lists every exit code, and no other', () => {
  const listed = [...readme.matchAll(/^\|\s+(?<code>\d+) \|/gm)].map(({ groups }) =>
    Number(groups?.['code']),
  );
  expect(listed).toEqual(Object.values(exitCode));
});

test('every npm script that README and CONTRIBUTING name exists', async () => {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const text = readme + (await readFile(join(root, 'CONTRIBUTING.md'), 'utf8'));
  const named = [...text.matchAll(/\bnpm run (?<name>[a-z][a-z:-]*)/g)].map(
    ({ groups }) => groups?.['name'] ?? '',
  );
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

test('the table of what comes back has a row for each kind of the gallery, as the file says it', () => {
  const section = /^### What comes back\n[^]*?(?=^#)/m.exec(readme)?.[0] ?? '';
  const rows = [...section.matchAll(/^\| (.+?) +\| (.+?) +\| `(.+)` +\|$/gm)].map(([, ...cells]) => cells);
  expect(rows).toEqual(kinds().map(({ description, back, name }) => [description, back, name]));
});

import { expect, test } from 'vitest';
import { schedulers } from '../../../src/place/export/schedulers.ts';
import { sourceFiles } from './source-files.ts';

const table = 'src/place/export/schedulers.ts';

test.each(schedulers)('$name has a file of its own that its row loads', async ({ name, load }) => {
  const sources = await sourceFiles('src');
  expect(sources.get(table)).toContain(`import('./${name}.ts')`);
  expect(sources.get(`src/place/export/${name}.ts`)).toContain('generatedMark');
  expect((await load()).exporter).toBeTypeOf('function');
});

test('the command line knows no scheduler but by the table', async () => {
  const kinds = schedulers.map(({ name }) => name).join('|');
  // Elsewhere in the house a schedule may be written as a line of cron.
  const named = new RegExp(`'(?:${kinds})'|/export/(?:${kinds})\\.ts'`);
  const wrong = [...(await sourceFiles('src/cli'))].filter(([, text]) => named.test(text));
  expect(wrong.map(([file]) => file)).toEqual([]);
});

import { expect, test } from 'vitest';
import { channelKinds } from '../../../src/language/environment/channel/kinds.ts';
import { sourceFiles } from './source-files.ts';

const folder = 'src/language/environment/channel';

/** A file that is one kind's own. */
const isOwn = (file: string): boolean =>
  channelKinds.some((kind) => file === `${folder}/${kind}.ts` || file === `src/tell/alert/send-${kind}.ts`);
const tables = [`${folder}/kinds.ts`, 'src/tell/alert/send.ts'];

test('a kind of channel has a file that reads it and a file that sends it', async () => {
  const files = [...(await sourceFiles('src')).keys()];
  const named = (own: RegExp): readonly string[] =>
    files.flatMap((file) => own.exec(file)?.groups?.['kind'] ?? []).sort();
  const kinds = [...channelKinds].sort();
  expect(named(/^src\/tell\/alert\/send-(?<kind>.+)\.ts$/)).toEqual(kinds);
  expect(named(/environment\/channel\/(?!channel\.|kinds\.)(?<kind>.+)\.ts$/)).toEqual(kinds);
});

test('nobody but the two tables knows a kind of channel', async () => {
  const kinds = channelKinds.join('|');
  const imported = new RegExp(`['(][^'\n]*(?:/channel/|/send-)(?:${kinds})\\.ts'`);
  const spelled = new RegExp(`'(?:${kinds})'`);
  const others = [...(await sourceFiles('src'))].filter(([file]) => !isOwn(file) && !tables.includes(file));
  const wrong = others.filter(
    ([, text]) => imported.test(text) || (text.includes('channel/kinds.ts') && spelled.test(text)),
  );
  expect(wrong.map(([file]) => file)).toEqual([]);
});

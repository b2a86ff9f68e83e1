import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { sourceFiles } from './source-files.ts';

/**
 * Words that the design gives up, each with the one to use. `jobs` (of pg_restore), `profile` (of AWS) and `snapshot`
 * (of a Postgres transaction) are those tools' own words and stay.
 */
const replaced: Readonly<Record<string, string>> = {
  stanza: 'plan',
  job: 'plan or run',
  destination: 'repository or target',
  remote: 'repository',
  archive: 'artifact',
  util: 'the noun that it is about',
  utils: 'the noun that it is about',
  helper: 'the noun that it is about',
  helpers: 'the noun that it is about',
  manager: 'what it does',
};

const declaration = /\b(?:function|interface|type|class|const|let)\s+(?<name>[A-Za-z]\w*)/g;

function wordsOf(name: string): string[] {
  return name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[^a-z\d]+/);
}

test('no file and no declaration bears a word that the design replaced', async () => {
  const found: string[] = [];
  for (const [path, text] of await sourceFiles('src', 'tasks')) {
    const names = [
      basename(path, '.ts'),
      ...[...text.matchAll(declaration)].map(({ groups }) => groups?.['name'] ?? ''),
    ];
    for (const name of names) {
      for (const word of wordsOf(name)) {
        const better = replaced[word];
        if (better !== undefined) found.push(`${path}: '${name}': say ${better}`);
      }
    }
  }
  expect(found).toEqual([]);
});

test('files are named in kebab-case, and none is a barrel', async () => {
  const files = await sourceFiles('src', 'tasks', 'test', 'schemas');
  const names = [...files.keys()].map((path) => basename(path));
  expect(
    names.filter((name) => !/^[a-z\d]+(-[a-z\d]+)*(\.properties)?(\.test|\.config)?\.ts$/.test(name)),
  ).toEqual([]);
  expect(names).not.toContain('index.ts');
});

test('no test is left focused', async () => {
  const files = await sourceFiles('test');
  const focused = [...files].filter(([, text]) => /\b(?:test|it|describe)\.only\b[.(]/.test(text));
  expect(focused.map(([path]) => path)).toEqual([]);
});

import { describe, expect, test } from 'vitest';
import { plainSurface, render } from '../../../src/base/terminal/blocks.ts';
import { outlookAsData, outlookBlock, type Outlook } from '../../../src/recovery/outlook.ts';
import { artifactLines } from '../../../src/recovery/artifact-words.ts';
import { matches, targetChoice } from '../../../src/cli/restore-questions.ts';
import { requestOf } from '../../../src/restore/restore-request.ts';
import { environment, outlook, storedArtifact, target } from './outlook-fixture.ts';

const now = new Date('2025-01-02T02:00:00Z');
const renderOutlook = (outlook: Outlook, at: Date): string =>
  render([outlookBlock(outlook, { now: at, timeZone: 'UTC' })], plainSurface);

test('one fact a line: what, how old, where, what is lost, how long', () => {
  expect(renderOutlook(outlook(), now)).toBe(
    `  artifact  pg_cleaning_20250101T020000Z of prod
            2.00 GB, verified, drilled 1d ago (2025-01-01 02:00 UTC)
  data of   1d ago (2025-01-01 02:00 UTC)
  server    db.internal:5432 (staging), PostgreSQL 17.2
  database  cleaning_restored, a new one
  replaced  nothing
  time      about 20m, at the speed of the restore 8d 23h ago (2024-12-24 03:00 UTC)
`,
  );
});

describe('a target that must be looked at twice', () => {
  test.each<[string, Partial<Outlook>, RegExp]>([
    ['protected', { to: environment('prod', { protected: true }) }, /\(prod, protected\)/],
    [
      "the source's own server",
      { isSourceServer: true },
      /the very server that the artifact was dumped from/,
    ],
    [
      'the live database',
      { target: target({ database: 'live' }) },
      /live, a new one\n +the database that staging works with/,
    ],
    [
      'tables that go',
      { target: target({ tables: ['public.a', 'public.b'] }), request: requestOf({ replace: true }, {}) },
      /LOST .*dropped with its rows[^]*there now: public\.a, public\.b/,
    ],
    ['tables that would go', { target: target({ tables: ['public.a'] }) }, /would be: public\.a/],
    [
      'rows that are added',
      { target: target({ tables: ['public.a'] }), request: requestOf({ 'data-only': true }, {}) },
      /rows are added to the tables there/,
    ],
    ['a throw-away cluster', { target: undefined }, /throw-away cluster .* gone when the run ends/],
  ])('%s', (_, changes, expected) => {
    expect(renderOutlook(outlook(changes), now)).toMatch(expected);
  });
});

test('no time is told where no restore was measured, or only a part is restored', () => {
  expect(renderOutlook(outlook({ past: undefined }), now)).not.toContain('time');
  const part = outlook({ request: requestOf({ only: { tables: ['a'] } }, {}) });
  expect(renderOutlook(part, now)).toMatch(/only +tables a/);
  expect(renderOutlook(part, now)).not.toContain('about');
});

test('as data: the same facts', () => {
  expect(outlookAsData(outlook())).toMatchObject({
    artifact: 'pg_cleaning_20250101T020000Z',
    bytes: 2_000_000_000,
    state: 'verified',
    to: 'staging',
    database: 'cleaning_restored',
    exists: false,
    estimateMs: 1_200_000,
  });
});

test('the list of artifacts fits the terminal, and a damaged one says why', () => {
  const artifacts = [
    storedArtifact(),
    storedArtifact({
      name: 'pg_cleaning_20241231T020000Z',
      damage: 'pg_cleaning_20241231T020000Z.dump.zst is missing',
    }),
  ];
  const from = environment('prod');
  expect(artifactLines(artifacts, from, { now, columns: 100 })).toEqual([
    'pg_cleaning_20250101T020000Z  1d  2.00 GB  verified, drilled 1d ago',
    'pg_cleaning_20241231T020000Z  1d  2.00 GB  damaged: its .dump.zst is missing',
  ]);
  for (const line of artifactLines(artifacts, from, { now, columns: 50 })) expect(line).toHaveLength(50);
});

test('targets are marked', () => {
  expect(targetChoice(environment('prod', { protected: true }), 'prod').label).toBe(
    'prod  db.internal:5432, protected, where the artifact comes from',
  );
  const { postgres: _, ...scratch } = environment('scratch');
  expect(targetChoice({ ...scratch, ephemeral: true }, 'prod').label).toMatch(/throw-away cluster/);
});

test('a search wants every word, in any case and order', () => {
  const text = 'pg_cleaning_20250101T020000Z  1d  2.00 GB  verified 2025-01-01 020000Z';
  expect(matches('VERIFIED 2025-01', text)).toBe(true);
  expect(matches('', text)).toBe(true);
  expect(matches('verified 2024', text)).toBe(false);
});

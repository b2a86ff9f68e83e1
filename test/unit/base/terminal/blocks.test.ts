import widthOf from 'fast-string-width';
import { describe, expect, test } from 'vitest';
import {
  alignedLines,
  fields,
  paragraph,
  plainSurface,
  render,
  sentence,
  table,
  type Block,
} from '../../../../src/base/terminal/blocks.ts';
import { command, status } from '../../../../src/base/terminal/status.ts';
import { fc } from '../../../fixtures/property.ts';

function at(width: number | undefined, ...blocks: readonly Block[]): string {
  return render(blocks, { ...plainSurface, width });
}

const columns = [
  { title: 'ARTIFACT' },
  { title: 'AGE', align: 'right' },
  { title: 'MADE', optional: true },
  { title: 'STATE' },
] as const;
const rows = [
  ['pg_cleaning', '3h 4m', '2026-11-30 02:00 UTC', 'verified'],
  [
    'pg_größe',
    '1d',
    '2026-11-29 02:00 UTC',
    [status('damaged'), ': the dump is shorter than its manifest says'],
  ],
];

describe('a table', () => {
  test('in a pipe has columns as wide as their widest cell, and no blanks at the end of lines', () => {
    expect(
      at(
        undefined,
        table(
          [{ title: 'NAME' }, { title: 'SIZE', align: 'right' }, { title: 'STATE' }],
          [
            ['größe', '9 B', ''],
            ['a', '1.2 MB', 'verified'],
          ],
        ),
      ),
    ).toBe('NAME     SIZE  STATE\ngröße     9 B\na      1.2 MB  verified\n');
  });

  test('leaves out what is optional, then breaks texts between words', () => {
    expect(at(60, table(columns, rows))).toBe(`ARTIFACT       AGE  STATE
pg_cleaning  3h 4m  verified
pg_größe        1d  damaged: the dump is shorter than its
                    manifest says
`);
  });

  test('has its last column below where that is too wide beside the others', () => {
    const long = [['pg_cleaning', '3h 4m', '', 'see /var/lib/run-plan/runs/nightly']];
    expect(at(40, table(columns, long))).toBe(`ARTIFACT       AGE
    STATE
pg_cleaning  3h 4m
    see /var/lib/run-plan/runs/nightly
`);
  });

  test('becomes a list of its rows where even that is too wide, without what is not known', () => {
    const narrow = [{ title: '' }, { title: 'ARTIFACT' }, { title: 'SIZE', align: 'right' }] as const;
    expect(
      at(
        20,
        table(narrow, [
          ['- remove', 'pg_cleaning_20261130', '9 B'],
          ['  keep', 'pg', '-'],
        ]),
      ),
    ).toBe(`- remove
  pg_cleaning_20261130
  size  9 B
  keep pg
`);
  });

  test('measures wide and combining characters', () => {
    expect(
      at(
        undefined,
        table(
          [{ title: 'A' }, { title: 'B' }],
          [
            ['日本', 'x'],
            ['e\u0301', 'y'],
          ],
        ),
      ),
    ).toBe('A     B\n日本  x\ne\u0301     y\n');
  });
});

test('fields hang at their texts, and stand below their titles where a word has no room', () => {
  const block = fields([
    ['artifact', 'a word and another'],
    ['record', '/var/lib/run-plan/x'],
  ]);
  expect(at(24, block)).toBe(
    '  artifact  a word and\n            another\n  record\n    /var/lib/run-plan/x\n',
  );
});

test('a sentence is one line whatever it holds, a paragraph hangs its further lines', () => {
  expect(at(undefined, 'a\nb')).toBe('a\\nb\n');
  expect(at(undefined, paragraph('a\nb\n\nc', { indent: 1, hang: 3 }))).toBe(' a\n    b\n    c\n');
  expect(at(12, sentence('one two three four'))).toBe('one two\n  three four\n');
});

test('a command is never broken', () => {
  expect(at(20, fields([['drop it', command('psql --command=drop database x')]]))).toBe(
    '  drop it\n    psql --command=drop database x\n',
  );
});

test('colour is added to what is visible, word by word of its tone', () => {
  const surface = { ...plainSurface, colour: true, width: 12 };
  expect(render([[status('failed', 'failed\u001b[2J'), ' here']], surface)).toBe(
    '\u001b[31mfailed\\x1b[2J\u001b[39m\n  here\n',
  );
});

test('secrets are masked in whole texts, before a line is broken', () => {
  const redact = (text: string): string => text.replaceAll('open sesame', '***');
  expect(render(['say open sesame'], { colour: false, width: 10, redact })).toBe('say ***\n');
});

test('a list to choose from has lines that are cut, never more than as many columns', () => {
  const lines = alignedLines(
    [{}, { align: 'right' }],
    [
      ['日本語\n', '12 kB'],
      ['a', '1 B'],
    ],
    12,
  );
  expect(lines).toEqual(['日本語\\n  1…', 'a          …']);
});

const text = fc.string({
  unit: fc.constantFrom(
    'a',
    'bc ',
    ' ',
    '日本',
    'e\u0301',
    '\n',
    '\u001b[2J',
    '\u202e',
    '::error::',
    '<3>',
    '-',
  ),
  maxLength: 30,
});

test('whatever is told at whatever width: visible, and no line too wide but of a single word', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(text, text, text)),
      text,
      fc.integer({ min: 20, max: 60 }),
      (cells, alone, width) => {
        const shown = at(
          width,
          table(columns.slice(0, 3), cells),
          fields(cells.map(([a, b]) => [a.trim().slice(0, 5), b])),
          alone,
        );
        expect(shown).not.toMatch(/[^\P{C}\n]/u);
        for (const line of shown.split('\n')) {
          if (widthOf(line) > width) expect(line.trim()).not.toMatch(/\s/);
          expect(line).not.toMatch(/^\s*::error/);
        }
      },
    ),
  );
});

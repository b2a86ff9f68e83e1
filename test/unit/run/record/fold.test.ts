import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../../../src/run/record/event.ts';
import { foldEvents } from '../../../../src/run/record/fold.ts';
import { parseJournal } from '../../../../src/run/record/read-journal.ts';
import { validate } from '../../../../src/language/generated/run-record.validate.ts';
import { fc } from '../../../fixtures/property.ts';

const at = (second: number): string => new Date(Date.UTC(2025, 0, 1, 2, 0, second)).toISOString();

const started: RunEvent = {
  type: 'run-started',
  at: at(0),
  runId: 'fake-20250101T020000Z-4000',
  plan: 'fake',
  planHash: 'f',
  environment: 'prod',
  host: 'db1',
  pid: 1,
  versions: {},
  parameters: {},
  steps: ['dump', 'verify'].map((id) => ({ id, name: id, phase: 'steps' as const, action: id })),
};

const run: readonly RunEvent[] = [
  started,
  { type: 'run-interrupted-found', at: at(0), runId: 'fake-old', lastEventAt: at(0), step: 'dump' },
  { type: 'step-started', at: at(1), step: 'dump', attempt: 1 },
  { type: 'step-note', at: at(1), step: 'dump', level: 'warning', text: 'client is newer' },
  {
    type: 'step-retried',
    at: at(2),
    step: 'dump',
    attempt: 1,
    delayMs: 10,
    error: { code: 'command-failed', message: 'x' },
  },
  { type: 'step-started', at: at(3), step: 'dump', attempt: 2 },
  { type: 'step-progress', at: at(3), step: 'dump', bytes: 5, elapsedMs: 1 },
  { type: 'step-output', at: at(4), step: 'dump', stream: 'stdout', line: 'hello' },
  {
    type: 'step-finished',
    at: at(5),
    step: 'dump',
    outcome: 'succeeded',
    durationMs: 4000,
    attempts: 2,
    bytes: 10_000_000,
    outputs: { artifact: 'a' },
    facts: { tables: 3 },
  },
  { type: 'step-started', at: at(5), step: 'verify', attempt: 1 },
  {
    type: 'step-finished',
    at: at(6),
    step: 'verify',
    outcome: 'failed',
    durationMs: 1000,
    attempts: 1,
    error: { code: 'artifact-damaged', message: 'sha256 differs' },
  },
  {
    type: 'run-finished',
    at: at(6),
    outcome: 'failed',
    exitCode: 21,
    durationMs: 6000,
    stepsDurationMs: 5000,
    error: { code: 'artifact-damaged', message: 'sha256 differs' },
  },
];

const text = run.map((event) => JSON.stringify(event)).join('\n');

describe('a complete run', () => {
  test('folds into its record', () => {
    expect(foldEvents(run)).toMatchObject({
      complete: true,
      outcome: 'failed',
      exitCode: 21,
      bytes: 10_000_000,
      interruptedRuns: ['fake-old'],
      steps: [
        {
          id: 'dump',
          outcome: 'succeeded',
          startedAt: at(1),
          attempts: 2,
          megabytesPerSecond: 2.5,
          notes: [{ level: 'warning', text: 'client is newer' }],
          retries: [{ attempt: 1 }],
          output: [{ stream: 'stdout', line: 'hello' }],
          outputs: { artifact: 'a' },
          facts: { tables: 3 },
        },
        { id: 'verify', outcome: 'failed', error: { code: 'artifact-damaged' } },
      ],
    });
  });

  test('keeps the last 200 lines of a step', () => {
    const lines = Array.from({ length: 1000 }, (_, index): RunEvent => ({
      type: 'step-output',
      at: at(4),
      step: 'dump',
      stream: 'stdout',
      line: String(index),
    }));
    const output = foldEvents([...run.slice(0, 4), ...lines])?.steps[0]?.output ?? [];
    expect(output).toHaveLength(200);
    expect(output.at(-1)?.line).toBe('999');
  });
});

describe('a journal that was cut', () => {
  test('in the middle of a line is a cancelled, incomplete run with the code interrupted', () => {
    const cut = text.indexOf('"step":"verify","outcome"');
    expect(foldEvents(parseJournal(text.slice(0, cut)))).toMatchObject({
      complete: false,
      outcome: 'cancelled',
      exitCode: null,
      error: { code: 'interrupted' },
      finishedAt: at(5),
      durationMs: 5000,
      steps: [{ outcome: 'succeeded' }, { outcome: 'cancelled', reason: 'the run was killed' }],
    });
  });

  test('and closed by a later run keeps the time of its own last word', () => {
    const closing = {
      type: 'run-finished',
      at: at(59),
      outcome: 'cancelled',
      exitCode: 130,
      durationMs: 0,
      stepsDurationMs: 0,
      foundInterrupted: true,
    };
    const closed = `${text.slice(0, text.indexOf('{"type":"step-retried"') + 20)}\n${JSON.stringify(closing)}\n`;
    expect(foldEvents(parseJournal(closed))).toMatchObject({
      complete: false,
      exitCode: null,
      finishedAt: at(1),
      steps: [{ outcome: 'cancelled' }, { outcome: 'skipped' }],
    });
  });

  test('anywhere gives a valid record, or none when nothing is known', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: text.length }), (length) => {
        const record = foldEvents(parseJournal(text.slice(0, length)));
        expect(record === undefined).toBe(length < JSON.stringify(started).length);
        if (record !== undefined) {
          expect(validate(record)).toBe(true);
          expect(record.complete).toBe(length === text.length);
        }
      }),
    );
  });

  test('lines that are no events are left out', () => {
    expect(parseJournal('\0\0\0\n{"type":1}\n[]\nnull\n{"at":"x"}\n')).toEqual([]);
  });
});

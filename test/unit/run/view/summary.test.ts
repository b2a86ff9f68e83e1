import { plainSurface, render } from '../../../../src/base/terminal/blocks.ts';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../../src/run/record/event.ts';
import { emptySummary, foldSummary, summaryBlocks } from '../../../../src/run/view/summary.ts';
import { recordedRun } from './recorded-run.ts';

function summarise(
  events: readonly RunEvent[],
  { record = undefined as string | undefined, colour = false } = {},
): string {
  const blocks = summaryBlocks(events.reduce(foldSummary, emptySummary), record);
  return render(blocks, { ...plainSurface, colour });
}

const record = '/var/lib/run-plan/runs/nightly-prod/nightly-prod-20261122T020000Z-3fa9.jsonl';

describe('the summary of a run', () => {
  it('shows outcome, artifact, steps, warnings, the failure and the record', async () => {
    await expect(summarise(recordedRun, { record })).toMatchFileSnapshot('expected/summary.txt');
  });

  it('is empty when no run has started', () => {
    expect(summarise([])).toBe('');
  });

  it('colours outcomes only when asked, and changes nothing else', () => {
    const plain = summarise(recordedRun);
    const coloured = summarise(recordedRun, { colour: true });
    expect(coloured).toContain('\u001b[31mfailed\u001b[39m');
    expect(stripVTControlCharacters(coloured)).toBe(plain);
  });

  it('says that steps never began', () => {
    expect(summarise(recordedRun.slice(0, 6))).toMatch(
      /nightly-prod has not finished\n.*seed.*\n.*and 4 that never began/,
    );
  });

  it('stays on one screen with a hundred warnings', () => {
    const warnings = Array.from({ length: 100 }, (_, index): RunEvent => ({
      type: 'run-warning',
      at: '2026-11-22T02:00:00.000Z',
      text: `warning number ${String(index)}`,
    }));
    const text = summarise([...recordedRun, ...warnings, ...warnings]);
    expect(text.split('\n').length).toBeLessThan(25);
    expect(text).toMatch(/and 97 more, see the record/);
  });

  it('tells a failure that is not the failure of a step', () => {
    const finished: RunEvent = {
      type: 'run-finished',
      at: '2026-11-22T02:00:51.000Z',
      outcome: 'succeeded',
      exitCode: 23,
      durationMs: 51_000,
      stepsDurationMs: 45_000,
      error: { code: 'alert-undelivered', message: 'the webhook answered 500', hint: 'Send it by hand.' },
    };
    const text = summarise([...recordedRun.slice(0, 6), finished]);
    expect(text).toMatch(/nightly-prod succeeded in 51.0 s, exit code 23/);
    expect(text).toMatch(/failed {4}the webhook answered 500\n +hint: Send it by hand\./);
  });
});

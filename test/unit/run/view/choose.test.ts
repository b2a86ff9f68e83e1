import { describe, expect, it } from 'vitest';
import { chooseView, type ViewCircumstances } from '../../../../src/run/view/choose.ts';

const terminal = { format: 'auto', isTTY: true, columns: 80, environment: { TERM: 'xterm' } } as const;
const pipe = { format: 'auto', isTTY: false, columns: undefined, environment: {} } as const;

describe('the view of a run', () => {
  it.each<[string, ViewCircumstances, string]>([
    ['on a terminal', terminal, 'terminal'],
    ['on a terminal without columns', { ...terminal, columns: 0 }, 'lines'],
    ['on a terminal that cannot erase', { ...terminal, environment: { TERM: 'dumb' } }, 'lines'],
    ['in a pipe', pipe, 'lines'],
    [
      'in the journal',
      { ...pipe, environment: { JOURNAL_STREAM: '8:4711' }, outputIdentity: '8:4711' },
      'journald',
    ],
    [
      'in a file below a unit',
      { ...pipe, environment: { JOURNAL_STREAM: '8:4711' }, outputIdentity: '8:12' },
      'lines',
    ],
    [
      'in the journal as far as anybody knows',
      { ...pipe, environment: { JOURNAL_STREAM: '8:4711' } },
      'journald',
    ],
    [
      'on a terminal below a unit',
      { ...terminal, environment: { JOURNAL_STREAM: '8:4711', TERM: 'xterm' } },
      'terminal',
    ],
    ['in GitHub Actions', { ...pipe, environment: { GITHUB_ACTIONS: 'true' } }, 'github'],
    ['as JSON on a terminal when said', { ...terminal, format: 'json' }, 'json'],
    ['as lines on a terminal when said', { ...terminal, format: 'lines' }, 'lines'],
    ['as a terminal in a pipe when said, but readable', { ...pipe, format: 'terminal' }, 'lines'],
    ['as journal entries in a pipe when said', { ...pipe, format: 'journald' }, 'journald'],
  ])('%s', (_, circumstances, kind) => {
    expect(chooseView(circumstances)).toBe(kind);
  });
});

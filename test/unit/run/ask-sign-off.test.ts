import { PassThrough } from 'node:stream';
import { beforeEach, describe, expect, test } from 'vitest';
import { accountName } from '../../../src/base/account.ts';
import { createAskSignOff, verdictOf, type AskingHost } from '../../../src/run/ask-sign-off.ts';
import { Failure } from '../../../src/base/failure.ts';

const question = { step: 'confirm-1', text: 'Create a booking' };
const environmentVariables = { SUDO_USER: '', LOGNAME: 'mira' };
let modes: boolean[];
let keys: PassThrough;
let phases: string[];
let interrupts: number;
let cancel: AbortController;

beforeEach(() => {
  modes = [];
  keys = new PassThrough();
  phases = [];
  interrupts = 0;
  cancel = new AbortController();
});

/** A terminal as far as the question needs one. */
function terminal(more: { readonly input?: boolean; readonly output?: boolean } = {}): AskingHost {
  const input = Object.assign(keys, {
    isTTY: more.input ?? true,
    isRaw: false,
    setRawMode: (mode: boolean) => {
      modes.push(mode);
      return keys;
    },
  });
  const output = Object.assign(new PassThrough(), { isTTY: more.output ?? true });
  return { input, output, environmentVariables } as unknown as AskingHost;
}

function ask() {
  const asking = createAskSignOff(terminal(), () => {
    interrupts += 1;
  });
  return asking?.(question, cancel.signal, { phase: (text) => void phases.push(text) });
}

/** Presses a key again and again: the first may still pass for one that was typed ahead. */
async function press<Result>(key: string, answer: Promise<Result> | undefined): Promise<Result | undefined> {
  const pressing = setInterval(() => keys.write(key), 20);
  try {
    return await answer;
  } finally {
    clearInterval(pressing);
  }
}

describe('an answer', () => {
  test.each([
    ['y', { verdict: 'signed', by: 'mira' }],
    ['N', { verdict: 'rejected', by: 'mira' }],
    ['s\r', undefined],
    ['\u0004', undefined],
  ])('by the key %j', async (key, answer) => {
    expect(await press(key, ask())).toEqual(answer);
    expect(phases).toEqual(['Create a booking  [y signs it off, n rejects it, s leaves it open]']);
    expect(modes).toEqual([true, false]);
    expect(keys.isPaused()).toBe(true);
    expect(keys.listenerCount('data')).toBe(0);
  });

  test('is not what was typed before the question', async () => {
    keys.write('y');
    expect(await press('n', ask())).toMatchObject({ verdict: 'rejected' });
  });

  test('is none where the terminal went away', async () => {
    const answer = ask();
    keys.end();
    expect(await answer).toBeUndefined();
    expect(modes).toEqual([true, false]);
  });
});

test('Ctrl-C interrupts the run, and the abort that follows ends the question', async () => {
  const reason = new Failure('interrupted', 'the run was ended by SIGINT');
  const answer = ask();
  keys.write('\u0003');
  await expect.poll(() => interrupts).toBe(1);
  cancel.abort(reason);
  await expect(answer).rejects.toBe(reason);
  expect(modes).toEqual([true, false]);
  expect(keys.listenerCount('data')).toBe(0);
});

test('nobody is asked without a terminal', () => {
  expect(createAskSignOff(terminal({ input: false }))).toBeUndefined();
  expect(createAskSignOff(terminal({ output: false }))).toBeUndefined();
});

test.each(['yes', '\u001b[A', '', '\r', 'x', 'yn'])('%j says nothing', (pressed) => {
  expect(verdictOf(pressed)).toBeUndefined();
});

test('the account is the person behind sudo, else the one that logged in', () => {
  expect(accountName({ SUDO_USER: 'mira', LOGNAME: 'root', USER: 'root' })).toBe('mira');
  expect(accountName({ USER: 'ben' })).toBe('ben');
  expect(accountName({})).not.toBe('');
});

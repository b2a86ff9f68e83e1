import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { EventSink, RunEvent } from '../../../../src/run/record/event.ts';
import { openConsole, type ConsoleOutput } from '../../../../src/base/terminal/console.ts';
import { createGithubView } from '../../../../src/run/view/github.ts';
import { createJournaldView } from '../../../../src/run/view/journald.ts';
import { createJsonView } from '../../../../src/run/view/json.ts';
import { createLinesView } from '../../../../src/run/view/lines.ts';
import { fc } from '../../../fixtures/property.ts';
import { recordedRun } from './recorded-run.ts';

async function show(
  createView: (output: ConsoleOutput) => EventSink,
  events: readonly RunEvent[],
): Promise<string> {
  let text = '';
  const stream = Object.assign(new EventEmitter(), {
    write: (chunk: string | Uint8Array, ...rest: unknown[]) => {
      text += String(chunk);
      (rest.at(-1) as (() => void) | undefined)?.();
      return true;
    },
  });
  const view = createView(openConsole(stream));
  events.forEach((event) => {
    view.handle(event);
  });
  await view.close();
  return text;
}

/** Text that tries everything against a log: line ends, escape sequences, commands of GitHub. */
const hostile = fc.string({
  unit: fc.constantFrom(
    'a',
    ' ',
    '::error::',
    '##[error]',
    '\n',
    '\r',
    '\u001b[2J',
    '\u0085',
    '\u2028',
    '%',
    '<3>',
    '\t',
    '\u0007',
  ),
});

function withText(text: string): readonly RunEvent[] {
  const at = '2026-11-22T02:00:00.000Z';
  const error = { code: 'bug', message: text, hint: text, where: text } as const;
  return [
    { type: 'step-output', at, step: 's', stream: 'stdout', line: text },
    { type: 'step-note', at, step: 's', level: 'warning', text },
    { type: 'step-finished', at, step: 's', outcome: 'failed', durationMs: 1, attempts: 1, error },
  ];
}

describe('the lines view', () => {
  it('prints a run as time, step and text, with progress at most every ten seconds', async () => {
    await expect(await show(createLinesView, recordedRun)).toMatchFileSnapshot('expected/lines.txt');
  });

  it('starts each of its lines with a time or an indent, whatever a step prints', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, async (text) => {
        const lines = (await show(createLinesView, withText(text))).split('\n').slice(0, -1);
        for (const line of lines)
          expect(line).toMatch(/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ s: | {4})[^\p{Cc}]*$/u);
      }),
    );
  });
});

describe('the journald view', () => {
  it('gives each line of a run its priority, run and step', async () => {
    const text = await show(createJournaldView, recordedRun);
    await expect(text).toMatchFileSnapshot('expected/journald.txt');
    // As the README tells those who ship it.
    const shipped =
      /^(?<run>(?<plan>[a-z0-9-]+)-\d{8}T\d{6}Z-[0-9a-f]{4})(?: (?<step>[a-z0-9-]+))?: (?<text>.*)$/;
    for (const line of text.trimEnd().split('\n')) {
      const { plan, step } = shipped.exec(line.slice('<6>'.length))?.groups ?? {};
      expect(plan, line).toBe('nightly-prod');
      expect(
        recordedRun.some((event) => step === undefined || ('step' in event && event.step === step)),
      ).toBe(true);
    }
  });

  it('starts each of its lines with a priority of its own, whatever a step prints', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, async (text) => {
        const lines = (await show(createJournaldView, withText(text))).split('\n').slice(0, -1);
        for (const line of lines) expect(line).toMatch(/^<[346]>s: [^\p{Cc}]*$/u);
      }),
    );
  });
});

describe('the GitHub view', () => {
  it('groups steps and annotates warnings and errors where the plan has them', async () => {
    await expect(await show(createGithubView, recordedRun)).toMatchFileSnapshot('expected/github.txt');
  });

  it('lets no step speak a command', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, async (text) => {
        const lines = (await show(createGithubView, withText(text))).split('\n');
        const commands = lines.filter((line) => line.trim().startsWith('::'));
        for (const line of commands)
          expect(line).toMatch(/^::(group::s$|endgroup::$|(warning|error) title=s::)/);
        expect(lines.filter((line) => line.startsWith('::group::'))).toHaveLength(1);
        expect(lines.some((line) => !line.startsWith('::') && line.includes('##['))).toBe(false);
      }),
    );
  });

  it('escapes what would end a property or a line of a command', async () => {
    const at = '2026-11-22T02:00:00.000Z';
    const error = { code: 'bug', message: '50 %\nlost: a,b', where: 'plans/a,b.yaml:3:7' } as const;
    const event: RunEvent = {
      type: 'step-finished',
      at,
      step: 's:1',
      outcome: 'failed',
      durationMs: 5,
      attempts: 1,
      error,
    };
    const command = (await show(createGithubView, [event]))
      .split('\n')
      .find((line) => line.startsWith('::error'));
    expect(command).toBe(
      '::error file=plans/a%2Cb.yaml,line=3,col=7,title=s%3A1::failed after 5 ms: 50 %25%0Alost: a,b%0Aat plans/a,b.yaml:3:7',
    );
  });

  it('closes the group of a step that never finished', async () => {
    const events = recordedRun.slice(0, 4);
    expect(await show(createGithubView, events)).toMatch(/::endgroup::\n$/);
  });
});

describe('the JSON view', () => {
  it('prints the events, one a line, without progress, each with its run and plan', async () => {
    const lines = (await show(createJsonView, recordedRun)).trimEnd().split('\n');
    const [started] = recordedRun;
    const { runId, plan } = started?.type === 'run-started' ? started : { runId: '', plan: '' };
    expect(runId).toMatch(/^nightly-prod-/);
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual(
      recordedRun
        .filter((event) => event.type !== 'step-progress')
        // An event that speaks of another run names that one.
        .map((event) => ({ runId, plan, ...event })),
    );
  });

  it('prints progress when asked', async () => {
    const text = await show((output) => createJsonView(output, { progress: true }), recordedRun);
    expect(text.trimEnd().split('\n')).toHaveLength(recordedRun.length);
  });
});

describe('a console that breaks', () => {
  it.each([
    ['by an error event', (stream: EventEmitter) => stream.emit('error', new Error('write EPIPE'))],
    ['by closing', (stream: EventEmitter) => stream.emit('close')],
  ])('%s is silent from then on and can be flushed', async (_, breakIt) => {
    const written: string[] = [];
    const stream = Object.assign(new EventEmitter(), {
      write: (chunk: string | Uint8Array) => {
        written.push(String(chunk));
        return true;
      },
    });
    const output = openConsole(stream);
    output.write('before');
    const flushed = output.flush();
    breakIt(stream);
    await flushed;
    output.write('after');
    await output.flush();
    expect(output.broken).toBe(true);
    expect(written).not.toContain('after');
  });

  it('by throwing does not throw at the run', async () => {
    const stream = Object.assign(new EventEmitter(), {
      write: () => {
        throw new Error('ERR_STREAM_DESTROYED');
      },
    });
    const view = createLinesView(openConsole(stream));
    recordedRun.forEach((event) => {
      view.handle(event);
    });
    await view.close();
  });
});

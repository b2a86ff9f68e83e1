import type { ListrTaskWrapper } from 'listr2';
import type { StepFinished } from '../record/event.ts';
import { printedLine, printedLines } from '../../base/terminal/visible.ts';
import { renderTransfer } from './progress.ts';

// listr2 ties its types to classes of renderers; the view needs none of what they would tell.
type Wrapper = Pick<ListrTaskWrapper<unknown, never, never>, 'title' | 'output' | 'skip'> & {
  readonly task: { state$: string };
};

/**
 * One step on the screen. The engine decides everything; listr2 only awaits the promise that the step's last event
 * resolves. Events may come before listr2 has begun the task, so what is shown is kept here and drawn when it is.
 */
export interface TerminalTask {
  /** Begins to draw; resolves when the step is finished, rejects to show it as failed. */
  show(wrapper: Wrapper): Promise<void>;
  /** What it is doing now: a phase, progress, a line of output. */
  say(status: string): void;
  /** Stays on the screen. */
  warn(text: string): void;
  finish(event: StepFinished): void;
  /** For steps that never got an event when the run is over. */
  giveUp(): void;
}

export function createTerminalTask(name: string): TerminalTask {
  const warnings: string[] = [];
  const end = Promise.withResolvers<StepFinished | undefined>();
  let status = '';
  let shown: Wrapper | undefined;

  const draw = (): void => {
    if (shown === undefined) return;
    const lines = [...warnings.map((text) => `warning: ${text}`), ...(status === '' ? [] : [status])];
    shown.output = lines.join('\n');
  };
  return {
    show: async (wrapper) => {
      shown = wrapper;
      draw();
      const event = await end.promise;
      status = event?.outcome === 'failed' ? renderError(event) : '';
      draw();
      shown = undefined;
      settle(wrapper, name, event);
    },
    say: (text) => {
      status = printedLine(text);
      draw();
    },
    warn: (text) => {
      warnings.push(printedLine(text));
      draw();
    },
    finish: end.resolve,
    giveUp: () => {
      end.resolve(undefined);
    },
  };
}

/** Gives the task its last title and state. @throws Error to make listr2 draw it as failed */
function settle(wrapper: Wrapper, name: string, event: StepFinished | undefined): void {
  if (event === undefined) {
    wrapper.task.state$ = 'CANCELLED';
    return;
  }
  const because = event.reason === undefined ? '' : `: ${printedLine(event.reason)}`;
  switch (event.outcome) {
    case 'succeeded': {
      const attempts = event.attempts > 1 ? `, ${String(event.attempts)} attempts` : '';
      wrapper.title = `${name}, done ${renderTransfer(event.durationMs, event.bytes)}${attempts}`;
      return;
    }
    case 'skipped':
      wrapper.skip(`${name}, skipped${because}`);
      return;
    case 'cancelled':
      wrapper.title = `${name}, cancelled${because}`;
      wrapper.task.state$ = 'CANCELLED';
      return;
    case 'failed':
      wrapper.title = `${name}, failed ${renderTransfer(event.durationMs, event.bytes)}`;
      throw new Error(name);
  }
}

function renderError({ error }: StepFinished): string {
  if (error === undefined) return '';
  const where = error.where === undefined ? [] : [`at ${error.where}`];
  const hint = error.hint === undefined ? [] : [`hint: ${error.hint}`];
  return [error.message, ...where, ...hint].flatMap(printedLines).join('\n');
}

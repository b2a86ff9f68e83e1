import { visibleJson } from '../../base/terminal/visible.ts';
import type { EventSink, RunStarted } from '../record/event.ts';
import type { ConsoleOutput } from '../../base/terminal/console.ts';

export interface JsonViewOptions {
  /** Also the events of progress, a few a second; no unless said. */
  readonly progress?: boolean;
}

/**
 * The run events as the run record has them, one JSON object a line, and in each the run and its plan: whoever ships lines
 * of many runs to one place tells them apart by these.
 */
export function createJsonView(output: ConsoleOutput, { progress = false }: JsonViewOptions = {}): EventSink {
  let run: Partial<Pick<RunStarted, 'runId' | 'plan'>> = {};
  return {
    handle: (event) => {
      if (event.type === 'run-started') run = { runId: event.runId, plan: event.plan };
      const { type, at, ...rest } = event;
      if (type !== 'step-progress' || progress)
        output.write(`${visibleJson(JSON.stringify({ type, at, ...run, ...rest }))}\n`);
    },
    close: () => output.flush(),
  };
}

import type { EventSink } from '../record/event.ts';
import type { ConsoleOutput } from './console-output.ts';

export interface JsonViewOptions {
  /** Also the events of progress, a few a second; no unless said. */
  readonly progress?: boolean;
}

/** The run events themselves, one JSON object a line, as the run record has them. */
export function createJsonView(output: ConsoleOutput, { progress = false }: JsonViewOptions = {}): EventSink {
  return {
    handle: (event) => {
      if (event.type !== 'step-progress' || progress) output.write(`${JSON.stringify(event)}\n`);
    },
    close: () => output.flush(),
  };
}

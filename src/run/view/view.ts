import type { EventSink, RunStarted } from '../record/event.ts';
import type { ViewKind } from './choose.ts';
import { openConsole } from './console-output.ts';
import { createGithubView } from './github.ts';
import { createJournaldView } from './journald.ts';
import { createJsonView } from './json.ts';
import { createLinesView } from './lines.ts';
import { emptySummary, foldSummary, renderSummary } from './summary.ts';

export interface ViewOptions {
  readonly stream: NodeJS.WriteStream;
  /** Colours in the summary; listr2 decides for itself by the same variables. */
  readonly colour: boolean;
  /** JSON lines of progress too; no unless said. */
  readonly progress?: boolean;
  /** Where the record of a run lies, asked when it is over. */
  readonly record?: (run: RunStarted) => string;
}

/**
 * Opens the chosen view of a run. It shows events as they come and, for people, one screen at the end when it is closed.
 * Nothing in it can fail a run: a broken console is silent.
 */
export async function openView(kind: ViewKind, options: ViewOptions): Promise<EventSink> {
  const view = await openEvents(kind, options);
  // The journal has each step's end at its own time already; a program that reads JSON wants events alone.
  if (kind === 'json' || kind === 'journald') return view;
  const output = openConsole(options.stream);
  let summary = emptySummary;
  return {
    handle: (event) => {
      summary = foldSummary(summary, event);
      view.handle(event);
    },
    close: async () => {
      await view.close();
      const { started } = summary;
      const record = started === undefined ? undefined : options.record?.(started);
      const text = renderSummary(summary, {
        colour: options.colour,
        ...(record !== undefined && { record }),
      });
      if (text !== '') output.write(`\n${text}`);
      await output.flush();
    },
  };
}

async function openEvents(kind: ViewKind, { stream, progress }: ViewOptions): Promise<EventSink> {
  switch (kind) {
    case 'terminal': {
      // Loaded only here: listr2 costs 23 ms of start-up that no log needs.
      const { createTerminalView } = await import('./terminal.ts');
      return createTerminalView(stream);
    }
    case 'lines':
      return createLinesView(openConsole(stream));
    case 'journald':
      return createJournaldView(openConsole(stream));
    case 'github':
      return createGithubView(openConsole(stream));
    case 'json':
      return createJsonView(openConsole(stream), { progress: progress ?? false });
  }
}

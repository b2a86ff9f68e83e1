import { render } from '../../base/terminal/blocks.ts';
import type { Terminal } from '../../base/terminal/terminal.ts';
import type { EventSink, RunStarted } from '../record/event.ts';
import type { ViewKind } from './choose.ts';
import { openConsole } from '../../base/terminal/console.ts';
import { createGithubView } from './github.ts';
import { createJournaldView } from './journald.ts';
import { createJsonView } from './json.ts';
import { createLinesView } from './lines.ts';
import { emptySummary, foldSummary, summaryBlocks } from './summary.ts';

export interface ViewOptions {
  readonly terminal: Pick<Terminal, 'output' | 'errorOutput'>;
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
  const { terminal } = options;
  const output = openConsole(terminal.output.stream);
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
      const blocks = summaryBlocks(summary, record);
      if (blocks.length > 0) output.write(render(['', ...blocks], terminal.output.surface));
      await output.flush();
    },
  };
}

async function openEvents(kind: ViewKind, { terminal, progress }: ViewOptions): Promise<EventSink> {
  const { stream, surface } = terminal.output;
  switch (kind) {
    case 'terminal': {
      // Loaded only here: listr2 costs 23 ms of start-up that no log needs.
      const { createTerminalView } = await import('./terminal.ts');
      return createTerminalView(terminal);
    }
    case 'lines':
      return createLinesView(openConsole(stream), surface);
    case 'journald':
      return createJournaldView(openConsole(stream));
    case 'github':
      return createGithubView(openConsole(stream));
    case 'json':
      return createJsonView(openConsole(stream), { progress: progress ?? false });
  }
}

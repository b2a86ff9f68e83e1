import { fstatSync } from 'node:fs';
import type { EventSink } from '../record/event.ts';
import { journalFile } from '../record/state-folder.ts';
import { chooseView, usesColour, type LogFormat, type ViewKind } from '../view/choose.ts';
import { openConsole } from '../view/console-output.ts';
import { emptySummary, foldSummary, renderSummary } from '../view/summary.ts';
import type { CommandHost } from './host.ts';

/** Opens the view that fits where the output goes, and the summary after it. */
export async function openViews(
  host: CommandHost,
  format: LogFormat,
  stateFolder: string,
): Promise<readonly EventSink[]> {
  const { output, environmentVariables: environment } = host;
  const isTTY = output.isTTY === true;
  const kind = chooseView({
    format,
    isTTY,
    columns: output.columns,
    environment,
    ...outputIdentity(),
  });
  const view = await createView(kind, host);
  if (kind === 'json' || kind === 'journald') return [view];
  return [view, summaryView(host, stateFolder, usesColour({ isTTY, environment }))];
}

async function createView(kind: ViewKind, { output }: CommandHost): Promise<EventSink> {
  switch (kind) {
    case 'terminal':
      return (await import('../view/terminal.ts')).createTerminalView(output);
    case 'lines':
      return (await import('../view/lines.ts')).createLinesView(openConsole(output));
    case 'journald':
      return (await import('../view/journald.ts')).createJournaldView(openConsole(output));
    case 'github':
      return (await import('../view/github.ts')).createGithubView(openConsole(output));
    case 'json':
      return (await import('../view/json.ts')).createJsonView(openConsole(output));
  }
}

/** Prints the one screen after a run; sinks close in order, so the view has ended before. */
function summaryView({ output }: CommandHost, stateFolder: string, colour: boolean): EventSink {
  let summary = emptySummary;
  return {
    handle: (event) => {
      summary = foldSummary(summary, event);
    },
    close: async () => {
      const { started } = summary;
      const console = openConsole(output);
      if (started !== undefined) {
        const record = journalFile(stateFolder, started.plan, started.runId);
        console.write(`\n${renderSummary(summary, { colour, record })}`);
      }
      await console.flush();
    },
  };
}

/** Device and inode of standard output, which systemd names in `JOURNAL_STREAM`. */
function outputIdentity(): { readonly outputIdentity?: string } {
  try {
    const { dev, ino } = fstatSync(1);
    return { outputIdentity: `${String(dev)}:${String(ino)}` };
  } catch {
    return {};
  }
}

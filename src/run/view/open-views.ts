import { fstatSync } from 'node:fs';
import type { EventSink } from '../record/event.ts';
import { journalFile } from '../../base/state-folder.ts';
import type { LogFormat } from '../../language/settings/settings.ts';
import { chooseView } from './choose.ts';
import { openView } from './view.ts';
import type { CommandHost } from '../../task/host.ts';

/** Opens the view that fits where the output goes, with its summary. */
export async function openViews(
  host: CommandHost,
  format: LogFormat,
  stateFolder: string,
): Promise<readonly EventSink[]> {
  const { terminal, environmentVariables: environment } = host;
  const { isTTY, columns } = terminal.output.stream;
  const kind = chooseView({ format, isTTY, columns, environment, ...outputIdentity() });
  const view = await openView(kind, {
    terminal,
    record: ({ plan, runId }) => journalFile(stateFolder, plan, runId),
  });
  return [view];
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

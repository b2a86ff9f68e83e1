import type { LogFormat } from '../../language/settings/settings.ts';

export type ViewKind = Exclude<LogFormat, 'auto'>;

export const logFormats: readonly LogFormat[] = ['auto', 'terminal', 'lines', 'journald', 'github', 'json'];

export interface ViewCircumstances {
  /** From a flag, otherwise from the settings, otherwise `auto`. */
  readonly format: LogFormat;
  readonly isTTY: boolean;
  /** Width of the terminal; 0 or undefined where nobody knows. */
  readonly columns: number | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Device and inode of the output (`8:4711`), to tell whether it is the journal that `JOURNAL_STREAM` names. */
  readonly outputIdentity?: string;
}

/** Chooses the view. Pure. */
export function chooseView(circumstances: ViewCircumstances): ViewKind {
  const { format, isTTY, environment } = circumstances;
  const canRedraw = isTTY && (circumstances.columns ?? 0) > 0 && environment['TERM'] !== 'dumb';
  // A tree that is drawn again and again is unreadable where lines cannot be erased, whoever asks for it.
  if (format === 'terminal') return canRedraw ? 'terminal' : 'lines';
  if (format !== 'auto') return format;
  if (environment['GITHUB_ACTIONS'] === 'true') return 'github';
  if (canRedraw) return 'terminal';
  return isJournal(circumstances) ? 'journald' : 'lines';
}

/** Children of a unit inherit its variable also when their output goes elsewhere, so the stream itself decides. */
function isJournal({ isTTY, environment, outputIdentity }: ViewCircumstances): boolean {
  const stream = environment['JOURNAL_STREAM'] ?? '';
  if (isTTY || stream === '') return false;
  return outputIdentity === undefined || outputIdentity === stream;
}

import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Settings } from '../language/settings/settings.ts';

/**
 * The folder of journals, locks and temporary files: the first of systemd's `STATE_DIRECTORY`, the settings' `state`,
 * `/var/lib/run-plan` for root, and the XDG state folder of everybody else.
 */
export function stateFolderOf(
  settings: Pick<Settings, 'stateFolder'>,
  variables: Readonly<Record<string, string | undefined>>,
  isRoot: boolean = process.getuid?.() === 0,
): string {
  // systemd lists several folders with colons between them; ours is the first.
  const [unit] = (variables['STATE_DIRECTORY'] ?? '').split(':');
  if (unit !== undefined && unit !== '') return unit;
  if (settings.stateFolder !== undefined) return settings.stateFolder;
  if (isRoot) return '/var/lib/run-plan';
  const base = variables['XDG_STATE_HOME'];
  return base !== undefined && base !== ''
    ? join(base, 'run-plan')
    : join(homedir(), '.local', 'state', 'run-plan');
}

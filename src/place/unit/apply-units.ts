import { mkdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { linkWhole, writeWhole } from '../../base/files.ts';
import type { UnitChange } from './comparison.ts';
import type { Systemctl } from './systemctl.ts';
import { unitFolderFailure } from './unit-folder-failure.ts';
import type { UnitFile } from './unit-file.ts';

export interface UnitsToApply {
  readonly folder: string;
  readonly changes: readonly UnitChange[];
  readonly wanted: readonly UnitFile[];
  /** Absent where systemd does not run: files and links are all, and the next boot acts on them. */
  readonly systemctl?: Systemctl;
}

/**
 * Does what a comparison found. Whatever moment ends it, the next comparison finds the rest: an orphan's timer is stopped
 * before its files go, and a timer that should run and does not is a difference of its own.
 *
 * @throws Failure `unit-folder`, `command-failed`
 */
export async function applyUnits({ folder, changes, wanted, systemctl }: UnitsToApply): Promise<void> {
  const isTimer = ({ path }: UnitChange): boolean => path.endsWith('.timer') && !path.includes('/');
  const removed = changes.filter(({ action }) => action === 'remove');
  const orphans = removed.filter(isTimer).map(({ path }) => path);
  if (orphans.length > 0) await systemctl?.run(['stop', '--', ...orphans]);
  // The timer goes last: as long as it is there, what else its plan left is known as an orphan's.
  for (const { path } of removed.toSorted((a, b) => Number(isTimer(a)) - Number(isTimer(b))))
    await remove(folder, path);
  const files = new Map(wanted.map((unit) => [unit.path, unit]));
  for (const { path, action } of changes) {
    const unit = files.get(path);
    if (unit !== undefined && (action === 'install' || action === 'change')) await put(folder, unit);
  }
  if (systemctl === undefined || changes.length === 0) return;
  await systemctl.run(['daemon-reload']);
  const plans = new Set(changes.filter(({ action }) => action !== 'remove').map(({ plan }) => plan));
  const timers = wanted
    .filter(({ path, plan }) => path.endsWith('.timer') && !path.includes('/') && plans.has(plan))
    .map(({ path }) => path);
  if (timers.length > 0) await systemctl.run(['start', '--', ...timers]);
}

/** Lays a file or link as a whole: a reader sees the old one or the new one. */
async function put(folder: string, unit: UnitFile): Promise<void> {
  const target = join(folder, unit.path);
  try {
    await mkdir(dirname(target), { recursive: true, mode: 0o755 });
    if (unit.kind === 'link') await linkWhole(target, unit.target);
    else await writeWhole(target, unit.text, 0o644);
  } catch (error) {
    throw unitFolderFailure(target, error);
  }
}

async function remove(folder: string, path: string): Promise<void> {
  try {
    await rm(join(folder, path), { force: true });
  } catch (error) {
    throw unitFolderFailure(join(folder, path), error);
  }
  // A folder that holds an operator's own drop-ins stays, and so does that of links.
  if (path.includes('.d/')) await rmdir(join(folder, dirname(path))).catch(() => undefined);
}

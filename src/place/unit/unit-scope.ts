import { join } from 'node:path';

/** Whose units: the system's, or those of one account (`systemctl --user`). */
export interface UnitScope {
  readonly kind: 'system' | 'user';
  /** Units are laid below this folder, of a host that does not run: an image, a chroot. */
  readonly root?: string;
  /** Folder of the account's settings (`~/.config`), for `user`. */
  readonly configHome: string;
}

/** The folder as systemd of the host itself names it. */
export function unitFolderInside({ kind, configHome }: UnitScope): string {
  return kind === 'system' ? '/etc/systemd/system' : join(configHome, 'systemd', 'user');
}

/** The folder in which units are laid. */
export function unitFolder(scope: UnitScope): string {
  return join(scope.root ?? '/', unitFolderInside(scope));
}

/** Where settings, credentials and the file of variables are looked for by the units. */
export function settingsHome({ kind, configHome }: UnitScope): string {
  return kind === 'system' ? '/etc/run-plan' : join(configHome, 'run-plan');
}

import { known } from '../../yaml/open.ts';
import type { Rule } from './rule.ts';

export const folderOnDatabaseHost: Rule = {
  name: 'folder-on-database-host',
  severity: 'warning',
  reason: 'The disk that fails, or the intruder who comes, takes the database and its backups together.',
  check: ({ environment }) => {
    if (environment?.protected !== true || environment.repository?.store.kind !== 'folder') return [];
    const host = known(environment.postgres?.host);
    if (host === undefined || !isThisHost(host)) return [];
    const message = `'${environment.name}' keeps its artifacts in a folder of the host that its database runs on`;
    const hint = 'use a bucket or, if the folder is a mount of another host, ignore this';
    return [
      {
        message,
        hint,
        file: 'environments',
        path: ['environments', environment.name, 'repository', 'folder'],
      },
    ];
  },
};

function isThisHost(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || host.startsWith('127.');
}

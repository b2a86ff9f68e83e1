import type { DeclaredEnvironment } from '../../environment/environment.ts';
import { isSameOrWillBe } from '../../yaml/open.ts';
import type { Rule } from './rule.ts';

export const backupsBesideUploads: Rule = {
  name: 'backups-beside-uploads',
  severity: 'error',
  reason: 'Whoever may write uploads may then remove backups, and one lifecycle rule too many empties both.',
  check: ({ environment }) => {
    if (environment === undefined || !sharesStore(environment)) return [];
    const message = `'${environment.name}' keeps backups and uploads in one place`;
    const path = ['environments', environment.name, 'repository'];
    return [{ message, hint: 'give backups a bucket of their own', file: 'environments', path, atKey: true }];
  },
};

function sharesStore({ repository, uploads }: DeclaredEnvironment): boolean {
  if (repository === undefined || uploads === undefined) return false;
  if (repository.store.kind === 's3' && uploads.store.kind === 's3') {
    const { s3: backups } = repository.store;
    const { s3: files } = uploads.store;
    return isSameOrWillBe(backups.bucket, files.bucket) && isSameOrWillBe(backups.endpoint, files.endpoint);
  }
  if (repository.store.kind !== 'folder' || uploads.store.kind !== 'folder') return false;
  return isSameOrWillBe(repository.store.folder, uploads.store.folder);
}

import type { RepositorySettings } from '../language/environment/environment.ts';
import type { Secrets } from '../language/secret-reference.ts';
import type { S3Options } from '../s3/client.ts';
import type { Repository } from './repository.ts';

/**
 * Opens the store that an environment's settings name; only that store's code is loaded. Neither kind is asked
 * anything yet, so a store that is away shows at the first use. Close it when done.
 */
export async function openRepository(
  settings: RepositorySettings,
  secrets: Secrets,
  options: S3Options = {},
): Promise<Repository> {
  const { store } = settings;
  if (store.kind === 'folder') {
    const { openFolder } = await import('./folder.ts');
    return openFolder(store.folder);
  }
  const { openS3Repository } = await import('./s3.ts');
  return openS3Repository(store.s3, secrets, options);
}

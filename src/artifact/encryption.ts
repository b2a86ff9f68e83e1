import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgeEncryption } from '../language/environment/environment.ts';
import type { Stage } from '../process/commands.ts';
import type { SecretReference, Secrets } from '../language/secret-reference.ts';

/** `.age` or nothing. */
export function encryptionSuffix(encryption: AgeEncryption | undefined): string {
  return encryption === undefined ? '' : '.age';
}

/** The stage that encrypts to every recipient; recipients are public, so they may stand in arguments. */
export function encryptionStage(encryption: AgeEncryption): Stage {
  return {
    program: 'age',
    arguments: ['--encrypt', ...encryption.recipients.flatMap((recipient) => ['--recipient', recipient])],
  };
}

/**
 * The stage that decrypts. age reads identities from files only, so the identity is written into `folder` (private,
 * removed with the attempt) with mode 0600.
 * @throws Failure `secret-unavailable`.
 */
export async function decryptionStage(
  identity: SecretReference,
  options: { readonly secrets: Secrets; readonly folder: string },
): Promise<Stage> {
  const secret = await options.secrets.resolve(identity);
  const path = join(options.folder, `identity-${randomUUID()}`);
  await writeFile(path, `${secret.reveal().trim()}\n`, { mode: 0o600, flag: 'wx' });
  return { program: 'age', arguments: ['--decrypt', '--identity', path] };
}

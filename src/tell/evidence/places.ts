import { defined } from '../../base/defined.ts';
import { createHash } from 'node:crypto';
import { getBounded } from '../../base/document.ts';
import { Failure } from '../../base/failure.ts';
import { openRepository } from '../../store/open.ts';
import type { Repository } from '../../store/repository.ts';
import type { Secrets } from '../../language/secret-reference.ts';
import { documentKey, evidencePrefix } from './document-name.ts';

/** Greatest accepted size of one document, bytes; ours take some 100 kB. */
export const documentBytesLimit = 32 * 1024 * 1024;

/** Where evidence lies: always in this host's state folder, and in the plan's repository when it has one. */
export interface EvidencePlaces {
  readonly stateFolder: Repository;
  readonly repository: Repository | undefined;
}

/** The state folder as a store: it keeps what it has, writes durably, and refuses names that exist. */
export function openStateFolder(folder: string, secrets: Secrets): Promise<Repository> {
  return openRepository({ store: { kind: 'folder', folder } }, secrets);
}

export function sha256Of(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Names of a plan's documents in one place, sorted. */
export async function listDocuments(
  place: Repository,
  plan: string,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const prefix = evidencePrefix(plan);
  const names: string[] = [];
  for await (const { key } of place.list(prefix, signal)) names.push(key.slice(prefix.length));
  return names.sort();
}

/** A document's bytes, or undefined when there is none. @throws Failure `repository-*`; also for one beyond all measure */
export async function readDocument(
  place: Repository,
  plan: string,
  name: string,
  signal?: AbortSignal,
): Promise<Buffer | undefined> {
  const key = documentKey(plan, name);
  const stored = await getBounded(place, key, documentBytesLimit, signal);
  if (stored.state === 'missing') return undefined;
  if (stored.state === 'read') return stored.bytes;
  const why =
    stored.state === 'too-large'
      ? 'is larger than any document of a drill'
      : `cannot be read: ${stored.reason}`;
  throw new Failure('repository-read', `${key} ${why}`, { where: key });
}

/** Stores a document. One that is there already must be the same: nothing is ever written over. @throws Failure `key-exists` */
export async function writeDocument(
  place: Repository,
  plan: string,
  name: string,
  bytes: Buffer,
  signal?: AbortSignal,
): Promise<void> {
  const options = { contentType: contentTypeOf(name), ...defined({ signal }) };
  try {
    await place.put(documentKey(plan, name), bytes, options);
  } catch (error) {
    const exists = error instanceof Failure && error.code === 'key-exists';
    const stored = exists ? await readDocument(place, plan, name, signal) : undefined;
    if (stored?.equals(bytes) !== true) throw error;
  }
}

function contentTypeOf(name: string): string {
  if (name.endsWith('.json')) return 'application/json';
  if (name.endsWith('.html')) return 'text/html; charset=utf-8';
  return name.endsWith('.md') ? 'text/markdown; charset=utf-8' : 'application/xml';
}

import { Failure } from '../base/failure.ts';
import type { Repository } from '../store/repository.ts';
import { sha256Of } from './checksums.ts';
import { renderManifest, type Manifest, type ManifestFile } from './manifest.ts';
import { manifestKey } from './name.ts';
import { confirmSize } from './stored-pipe.ts';

/** A small file of an artifact, before it is stored. */
export interface SmallFile {
  readonly key: string;
  readonly role: ManifestFile['role'];
  readonly text: string;
}

/** An artifact that is being written: its files so far, and either a manifest at the end or nothing of it. */
export interface NewArtifact {
  readonly name: string;
  /** Where its files are put: each is known from its first byte, so that `discard` finds also what was broken off. */
  readonly repository: Repository;
  readonly files: readonly ManifestFile[];
  readonly committed: boolean;
  /** Notes a file that the repository has confirmed. */
  add(file: ManifestFile): ManifestFile;
  /** Stores small files, all at the same time. Those that were stored are noted in the order given, also when one fails. */
  put(small: readonly SmallFile[]): Promise<void>;
  /** Stores the manifest: from then on it is an artifact. */
  commit(manifest: Omit<Manifest, 'files'>): Promise<Manifest>;
  /**
   * Removes what was stored, and what may have been, unless it was committed: it can be begun anew. Gives the keys of
   * what was stored.
   * @throws Failure of the repository; the files are then debris that pruning removes.
   */
  discard(signal?: AbortSignal): Promise<readonly string[]>;
}

/**
 * Begins an artifact under a name that nothing stored bears yet.
 * @throws Failure `key-exists` otherwise: what another run wrote must never be mixed with or removed as this one's.
 */
export async function beginArtifact(
  store: Repository,
  name: string,
  signal: AbortSignal,
): Promise<NewArtifact> {
  for await (const object of store.list(`${name}.`, signal)) {
    throw new Failure('key-exists', `${store.location} already holds ${object.key}`, {
      where: object.key,
      hint: 'Another run dumped the same database in the same second; run this one again.',
    });
  }
  const files: ManifestFile[] = [];
  const tried = new Set<string>();
  const repository: Repository = { ...store, put: putAndNote };
  let committed = false;

  /** A request that was broken off may have been done by the store; what another run stored is not this one's. */
  async function putAndNote(...words: Parameters<Repository['put']>): ReturnType<Repository['put']> {
    const [key] = words;
    tried.add(key);
    try {
      return await store.put(...words);
    } catch (error) {
      if (error instanceof Failure && error.code === 'key-exists') tried.delete(key);
      throw error;
    }
  }

  function add(file: ManifestFile): ManifestFile {
    files.push(file);
    return file;
  }

  async function putSmall({ key, role, text }: SmallFile): Promise<ManifestFile> {
    const content = Buffer.from(text, 'utf8');
    const stored = await repository.put(key, content, { signal });
    await confirmSize(repository, key, stored.bytes, content.length);
    return { key, role, bytes: content.length, sha256: sha256Of(content) };
  }

  async function put(small: readonly SmallFile[]): Promise<void> {
    const results = await Promise.allSettled(small.map(putSmall));
    for (const result of results) if (result.status === 'fulfilled') add(result.value);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  return {
    name,
    repository,
    files,
    get committed() {
      return committed;
    },
    add,
    put,
    commit: async (facts) => {
      const [first, ...rest] = files;
      if (first === undefined) throw new Error('an artifact without files cannot be committed');
      const manifest: Manifest = { ...facts, files: [first, ...rest] };
      const content = Buffer.from(renderManifest(manifest), 'utf8');
      const stored = await repository.put(manifestKey(name), content, { signal });
      await confirmSize(repository, manifestKey(name), stored.bytes, content.length);
      committed = true;
      return manifest;
    },
    discard: async (discardSignal) => {
      if (committed) return [];
      // Without its manifest it is no artifact any more, so that goes first.
      const manifest = manifestKey(name);
      const others = [...tried].filter((key) => key !== manifest);
      const keys = tried.has(manifest) ? [manifest, ...others] : others;
      if (keys.length > 0) await store.remove(keys, discardSignal);
      tried.clear();
      return files.splice(0).map((file) => file.key);
    },
  };
}

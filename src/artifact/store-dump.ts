import type { AgeEncryption } from '../language/environment/environment.ts';
import { Failure } from '../base/failure.ts';
import { type DumpCommand, customDumpStage } from '../postgres/dump-command.ts';
import type { Commands, RunningPipe, Stage } from '../process/commands.ts';
import type { Repository } from '../store/repository.ts';
import { compressionStage, compressionSuffix, type Compression } from './compression.ts';
import { startContentsProof } from './contents-proof.ts';
import { encryptionStage, encryptionSuffix } from './encryption.ts';
import type { ManifestFile } from './manifest.ts';
import { storePipe } from './stored-pipe.ts';
import { Readable, type Transform } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';

/** Where and how a dump is stored. */
export interface DumpStorage {
  readonly repository: Repository;
  readonly commands: Commands;
  /** The artifact's name. */
  readonly name: string;
  readonly compression: Compression;
  readonly encryption: AgeEncryption | undefined;
  /** A private, empty folder. */
  readonly folder: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Best guess of the stored size, bytes. */
  readonly expectedBytes: number;
  readonly signal: AbortSignal;
  /** Told the bytes stored so far. */
  readonly onProgress: (bytes: number) => void;
  /** Told each file as soon as the repository has confirmed it. */
  readonly onStored: (file: ManifestFile) => void;
}

export interface StoredDump {
  /** Key of the dump, or of the folder of a directory dump. */
  readonly key: string;
  /** Before compression; null when it was not measured. */
  readonly rawBytes: number | null;
}

/** What follows the data's own name: `.zst`, `.age`, both or nothing. */
export function dataSuffix(storage: Pick<DumpStorage, 'compression' | 'encryption'>): string {
  return `${compressionSuffix(storage.compression)}${encryptionSuffix(storage.encryption)}`;
}

/** The stages that compress and encrypt, in this order. */
export function packingStages(
  storage: Pick<DumpStorage, 'compression' | 'encryption'>,
  onRawBytes?: (bytes: number) => void,
): readonly Stage[] {
  const compress = compressionStage(storage.compression, onRawBytes);
  return [
    ...(compress === undefined ? [] : [compress]),
    ...(storage.encryption === undefined ? [] : [encryptionStage(storage.encryption)]),
  ];
}

/** Kills a pipe when a signal aborts; the returned function forgets it again. */
export function killOnAbort(pipe: Pick<RunningPipe, 'kill'>, signal: AbortSignal): () => void {
  const kill = (): void => void pipe.kill();
  if (signal.aborted) kill();
  signal.addEventListener('abort', kill, { once: true });
  return () => {
    signal.removeEventListener('abort', kill);
  };
}

/** Stores SQL beside the dump, encrypted where that is. @throws Failure `command-failed`, `repository-*` */
export async function storeText(
  role: 'globals' | 'privileges',
  text: Readable,
  { repository, commands, name, encryption, signal, onStored }: DumpStorage,
): Promise<void> {
  const pipe =
    encryption === undefined
      ? { output: text, done: Promise.resolve(), kill: () => Promise.resolve(void text.destroy()) }
      : commands.pipe([encryptionStage(encryption)], { input: text });
  const key = `${name}.${role}.sql${encryptionSuffix(encryption)}`;
  onStored(await storePipe(repository, { key, role }, pipe, { signal }));
}

/** Runs one program that prints nothing, until a signal ends it. @throws Failure `command-failed`; the signal's reason */
export async function runStage(commands: Commands, stage: Stage, signal: AbortSignal): Promise<void> {
  const pipe = commands.pipe([stage]);
  const forget = killOnAbort(pipe, signal);
  pipe.output.on('error', () => undefined).resume();
  try {
    await pipe.done;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    forget();
  }
}

/**
 * Dumps in the custom format straight into the repository, `pg_dump | zstd | age` in one pipe, without scratch disk.
 * @throws Failure `command-failed`, `dump-unusable`, `repository-*`; the signal's reason.
 */
export async function storeCustomDump(command: DumpCommand, storage: DumpStorage): Promise<StoredDump> {
  const key = `${storage.name}.dump${dataSuffix(storage)}`;
  return storeCustomFormat(command, customDumpStage(command), { key, role: 'dump' }, storage);
}

/**
 * Stores what a pg_dump writes to its standard output in the custom format. What does not begin like a dump is never
 * stored, however well pg_dump exited.
 * @throws as `storeCustomDump`
 */
export async function storeCustomFormat(
  command: DumpCommand,
  dump: Stage,
  { key, role }: Pick<ManifestFile, 'key' | 'role'>,
  storage: DumpStorage,
): Promise<StoredDump> {
  const { commands, compression, encryption, signal } = storage;
  let rawBytes: number | null = null;
  const proof =
    encryption === undefined ? undefined : await startContentsProof(commands, command.tools, storage.folder);
  const head = keepHead(compression.kind);
  const pipe = commands.pipe([
    dump,
    ...(proof === undefined ? [] : [proof.stage]),
    ...packingStages(storage, (bytes) => (rawBytes = bytes)),
  ]);
  const forget = killOnAbort(pipe, signal);
  try {
    const file = await storePipe(storage.repository, { key, role }, pipe, {
      signal,
      expectedBytes: storage.expectedBytes,
      tags: storage.tags,
      onProgress: storage.onProgress,
      onChunk: (chunk) => {
        head.add(chunk);
      },
      accept: async () => {
        if (proof !== undefined) await proof.parsed;
        else if (!(await head.isDump())) throw noDump();
      },
    });
    storage.onStored(file);
    const isPlain = compression.kind === 'none' && encryption === undefined;
    return { key, rawBytes: isPlain ? file.bytes : rawBytes };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    forget();
    await proof?.kill();
  }
}

function noDump(): Failure {
  return new Failure('dump-unusable', 'pg_dump said that all went well, and what it wrote is no dump', {
    hint: 'Nothing was stored. Run that pg_dump by hand, and see whether it is the real one.',
  });
}

/** What every custom-format dump begins with. */
const signature = Buffer.from('PGDMP');

/** Compressed bytes that are sure to hold zstd's first block (128 KiB of data), whole. */
const keptBytes = 256 * 1024;

/** Keeps the first bytes of a stored dump as they pass, to tell afterwards whether a dump began there. */
export interface HeadKeeper {
  add(chunk: Uint8Array): void;
  /** Whether the data, once decompressed, begins like a custom-format dump. */
  isDump(): Promise<boolean>;
}

export function keepHead(compression: 'zstd' | 'none'): HeadKeeper {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  return {
    add: (chunk) => {
      if (bytes >= keptBytes) return;
      chunks.push(chunk);
      bytes += chunk.length;
    },
    isDump: async () => {
      const head = Buffer.concat(chunks);
      const data = compression === 'zstd' ? await firstBytes(head, createZstdDecompress()) : head;
      return data.subarray(0, signature.length).equals(signature);
    },
  };
}

/** The first data out of a decoder; nothing when there is none. The input's end may be cut off anywhere. */
async function firstBytes(input: Uint8Array, decoder: Transform): Promise<Buffer> {
  const source = Readable.from([input]);
  source.on('error', () => undefined);
  try {
    for await (const chunk of source.pipe(decoder)) return chunk as Buffer;
  } catch {
    // Not zstd, or cut off before the first block: either way no dump.
  } finally {
    source.destroy();
    decoder.destroy();
  }
  return Buffer.alloc(0);
}

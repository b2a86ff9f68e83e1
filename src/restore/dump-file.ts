import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decompressionStage } from '../artifact/compression.ts';
import { Failure } from '../base/failure.ts';
import type { Commands, Stage } from '../process/commands.ts';

/** A dump on this host, made by whatever tool: pg_dump in any format, perhaps compressed. */
export interface DumpFile {
  readonly kind: 'file';
  readonly path: string;
  readonly format: 'custom' | 'directory' | 'tar' | 'sql';
  /** Decompresses it; none when it is not compressed. */
  readonly unpack: readonly Stage[];
  /** As it lies there; of a folder its table of contents alone. */
  readonly bytes: number;
  /** Hex; null for a folder. */
  readonly sha256: string | null;
  /** Whether a `.sha256` beside it said the same. */
  readonly isProven: boolean;
}

const gunzip: Stage = { program: 'gzip', arguments: ['-d', '-c'] };
const magics = {
  zstd: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
  gzip: Buffer.from([0x1f, 0x8b]),
  dump: Buffer.from('PGDMP'),
};
/** Where a tar archive says that it is one. */
const tarMagic = { text: 'ustar', offset: 257 };
const headBytes = 512;

/**
 * Tells what a path is by its first bytes, and proves it by the `.sha256` beside it where there is one.
 * @throws Failure `artifact-missing`, `dump-unusable`, `artifact-damaged`
 */
export async function openDumpFile(path: string, commands: Commands): Promise<DumpFile> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new Failure('artifact-missing', `there is no file ${path}`, { where: path });
  if (found.isDirectory()) return openFolder(path);
  if (found.size === 0) throw new Failure('dump-unusable', `${path} is empty`, { where: path });
  const stored = await readHead(path);
  const compression = (['zstd', 'gzip'] as const).find((name) => startsWith(stored, magics[name]));
  const unpack = compression === undefined ? [] : [compression === 'zstd' ? decompressionStage : gunzip];
  const head = compression === undefined ? stored : await unpackedHead(path, unpack, commands);
  const format = formatOf(head, path);
  const sha256 = await sha256Of(path, commands);
  const isProven = await holdAgainst(path, sha256);
  if (format === 'tar' && compression === undefined) await checkTarEnd(path, found.size, commands);
  return {
    kind: 'file',
    path,
    format,
    unpack,
    bytes: found.size,
    sha256,
    isProven,
  };
}

async function openFolder(path: string): Promise<DumpFile> {
  const contents = await stat(join(path, 'toc.dat')).catch(() => undefined);
  if (contents === undefined) {
    throw new Failure('dump-unusable', `${path} is a folder without toc.dat, so it is no dump`, {
      where: path,
    });
  }
  return {
    kind: 'file',
    path,
    format: 'directory',
    unpack: [],
    bytes: contents.size,
    sha256: null,
    isProven: false,
  };
}

async function readHead(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function unpackedHead(path: string, unpack: readonly Stage[], commands: Commands): Promise<Buffer> {
  const pipe = commands.pipe([
    ...[{ program: 'cat', arguments: [path] }, ...unpack].map((stage) => ({
      ...stage,
      tolerate: ['SIGPIPE' as const],
    })),
    { program: 'head', arguments: ['-c', String(headBytes)] },
  ]);
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of pipe.output as AsyncIterable<Buffer>) chunks.push(chunk);
    await pipe.done;
  } catch (error) {
    throw asUnusable(path, error);
  }
  return Buffer.concat(chunks);
}

/** What it means that a program could not decompress a dump: it is cut off or damaged. Other failures stay as they are. */
export function asUnusable(path: string, error: unknown): unknown {
  if (!(error instanceof Failure) || error.code !== 'command-failed') return error;
  const { program, exit } = error.fields;
  if (exit === undefined || !['zstd', 'gzip'].includes(program ?? '')) return error;
  return new Failure('dump-unusable', `${path} cannot be decompressed: ${error.message}`, {
    where: path,
    hint: 'It is cut off or damaged: copy it again from where it came, or make it again.',
    cause: error,
  });
}

/**
 * tar ends with two blocks of zeros, and every member before them is whole. Of one that is cut off, pg_restore may read
 * for ever.
 */
async function checkTarEnd(path: string, bytes: number, commands: Commands): Promise<void> {
  if ((await endsInZeros(path, bytes)) && (await tarLists(path, commands))) return;
  throw new Failure('dump-unusable', `${path} is cut off: it does not end as tar does`, {
    where: path,
    hint: 'Copy it again from where it came, or make it again.',
  });
}

/** Whether tar finds every member whole. */
async function tarLists(path: string, commands: Commands): Promise<boolean> {
  const pipe = commands.pipe([
    { program: 'tar', arguments: ['--list', `--file=${path}`], output: '/dev/null' },
  ]);
  pipe.output.on('error', () => undefined).resume();
  try {
    await pipe.done;
    return true;
  } catch (error) {
    if (error instanceof Failure && error.fields.program === 'tar' && error.fields.exit === 2) return false;
    throw error;
  }
}

async function endsInZeros(path: string, bytes: number): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(1024), 0, 1024, Math.max(0, bytes - 1024));
    return bytesRead === 1024 && buffer.every((byte) => byte === 0);
  } finally {
    await file.close();
  }
}

function formatOf(head: Buffer, path: string): DumpFile['format'] {
  if (startsWith(head, magics.dump)) return 'custom';
  const { text, offset } = tarMagic;
  if (head.subarray(offset, offset + text.length).toString('latin1') === text) return 'tar';
  // A text dump begins with a comment of pg_dump's; binary files of other kinds hold zeros.
  if (!head.includes(0) && /^--|^SET |^\\/m.test(head.toString('utf8'))) return 'sql';
  throw new Failure('dump-unusable', `${path} is no dump of pg_dump that could be recognised`, {
    where: path,
    hint: 'Known are custom, directory and tar format and SQL text, also compressed with zstd or gzip.',
  });
}

function startsWith(head: Buffer, magic: Buffer): boolean {
  return head.subarray(0, magic.length).equals(magic);
}

async function sha256Of(path: string, commands: Commands): Promise<string> {
  const { stdout } = await commands.$`sha256sum --binary -- ${path}`;
  // sha256sum puts a backslash before the sum of a name that it escapes.
  return stdout.replace(/^\\/, '').slice(0, 64);
}

/** Holds a file against the `.sha256` beside it. @throws Failure `artifact-damaged` */
async function holdAgainst(path: string, sha256: string): Promise<boolean> {
  const beside = `${path}.sha256`;
  const file = await open(beside, 'r').catch(() => undefined);
  if (file === undefined) return false;
  const text = await file.readFile('utf8').finally(() => file.close());
  // As sha256sum writes it, as BSD's does, or the bare sum.
  const told = text.match(/\b[0-9a-f]{64}\b/gi)?.map((sum) => sum.toLowerCase()) ?? [];
  if (told.includes(sha256)) return true;
  throw new Failure(
    'artifact-damaged',
    `${path} is damaged: ${beside} says sha256 ${told[0] ?? 'nothing'}, found ${sha256}`,
    {
      where: path,
      hint: 'Do not restore from this file.',
    },
  );
}

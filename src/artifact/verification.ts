import { mkdir } from 'node:fs/promises';
import type { Commands, Stage } from '../process/commands.ts';
import type { Repository } from '../repository/repository.ts';
import { parseChecksums, sha256Of } from './checksums.ts';
import { decompressionStage } from './compression.ts';
import type { Manifest, ManifestFile } from './manifest.ts';
import {
  asDamage,
  damaged,
  eachLine,
  readBackHead,
  readBackWhole,
  type ReadBackOptions,
} from './read-back.ts';
import { readStoredText } from './stored-text.ts';
import { createTableOfContents, type TableOfContents } from './table-of-contents.ts';

/** What a verification works with. */
export interface VerificationTools {
  readonly repository: Repository;
  readonly commands: Commands;
  /** A pg_restore not older than the pg_dump that wrote the artifact. */
  readonly pgRestore: string;
  /** Decrypts; absent: this host holds no identity. */
  readonly decryption: Stage | undefined;
  /** Empty, for the table of contents of a directory dump. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Bytes read so far, of the total to be read. */
  readonly onProgress?: (bytes: number, totalBytes: number) => void;
}

/** What a verification found; anything wrong is thrown. */
export interface VerificationEvidence {
  readonly depth: 'head' | 'full';
  readonly files: number;
  /** Bytes read back. */
  readonly bytes: number;
  /** Entries of the table of contents; 0 when it could not be read here. */
  readonly entries: number;
  /** Tables of the fingerprint that were looked for. */
  readonly tables: number;
  readonly contents: 'parsed' | 'unreadable-here';
}

/** Greatest accepted size of a checksums file, bytes: a line takes about 150, and there is one for each large table. */
const checksumsBytesLimit = 16 * 1024 * 1024;

/** pg_restore stops reading after the table of contents; the rest must still flow by, so that all of it is decompressed. */
const listWhole = '"$1" --list; status=$?; cat >/dev/null; exit "$status"';

/**
 * tar's listing to standard output and its toc.dat into the folder, out of one reading. tar leaves at the archive's
 * end mark, and tee goes on to the last byte (`-p`); what comes through a pipe comes in pieces (`--read-full-records`).
 */
const unpackContents = `set -eo pipefail
for tool in mkfifo tee tar; do command -v "$tool" >/dev/null || exit 127; done
mkfifo "$1/rest.fifo"
tar --extract --read-full-records --file="$1/rest.fifo" --directory="$1" --no-anchored toc.dat & extracting=$!
tee -p "$1/rest.fifo" | tar --list --read-full-records --file=-
wait "$extracting"`;

/**
 * Reads an artifact back from the repository and holds it against its manifest.
 *
 * `full` streams every stored file once: size, sha256, decryption, decompression to the last byte, the table of
 * contents, the checksums file. `head` compares the sizes that the store tells and reads no more than pg_restore needs
 * for the table of contents. Memory is bounded by buffers, whatever the artifact's size.
 * @throws Failure `artifact-damaged` naming the file or the tables; of the repository; `tool-missing`.
 */
export async function verifyArtifact(
  manifest: Manifest,
  depth: 'head' | 'full',
  tools: VerificationTools,
): Promise<VerificationEvidence> {
  await compareSizes(manifest, tools);
  const readable = manifest.dump.recipients.length === 0 || tools.decryption !== undefined;
  const files = depth === 'full' ? manifest.files : manifest.files.filter((file) => readable && isDump(file));
  const totalBytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const contents = createTableOfContents();
  const dataFiles = new Set<string>();
  let bytes = 0;
  for (const file of files) {
    if (file.role === 'table') dataFiles.add(fileName(file.key));
    if (file.role === 'checksums') await compareChecksums(manifest, file, tools);
    await readBack(file, depth, readable, contents, dataFiles, {
      ...tools,
      onBytes: (count) => {
        bytes += count;
        tools.onProgress?.(bytes, totalBytes);
      },
    });
  }
  if (readable) judgeContents(manifest, depth, contents, dataFiles);
  return {
    depth,
    files: files.length,
    bytes,
    entries: contents.entries,
    tables: readable ? manifest.fingerprint.tables.length : 0,
    contents: readable ? 'parsed' : 'unreadable-here',
  };
}

/** One listing tells every size: what is missing or cut off is found before gigabytes are read. */
async function compareSizes(manifest: Manifest, { repository, signal }: VerificationTools): Promise<void> {
  const sizes = new Map<string, number>();
  for await (const { key, bytes } of repository.list(`${manifest.name}.`, signal)) sizes.set(key, bytes);
  for (const file of manifest.files) {
    const found = sizes.get(file.key);
    if (found === undefined) throw damaged(file, `${String(file.bytes)} bytes`, 'no such file');
    if (found !== file.bytes) throw damaged(file, `${String(file.bytes)} bytes`, `${String(found)} bytes`);
    if (isDump(file) && found === 0) throw damaged(file, 'a dump', '0 bytes');
  }
}

async function compareChecksums(
  manifest: Manifest,
  file: ManifestFile,
  tools: VerificationTools,
): Promise<void> {
  const stored = await readStoredText(tools.repository, file.key, checksumsBytesLimit, tools.signal);
  const listed = stored.kind === 'text' ? parseChecksums(stored.bytes.toString('utf8')) : undefined;
  if (stored.kind !== 'text' || sha256Of(stored.bytes) !== file.sha256 || listed === undefined) {
    throw damaged(
      file,
      `checksums with sha256 ${file.sha256}`,
      stored.kind === 'text' ? 'another text' : stored.kind,
    );
  }
  const sums = new Map(listed.map(({ key, sha256 }) => [key, sha256]));
  for (const other of manifest.files) {
    const sum = sums.get(other.key);
    const needed = other.role !== 'checksums' && other.role !== 'guide';
    if (sum === undefined ? needed : sum !== other.sha256) {
      throw damaged(file, `${other.key} with sha256 ${other.sha256}`, sum ?? 'no line for it');
    }
  }
}

async function readBack(
  file: ManifestFile,
  depth: 'head' | 'full',
  readable: boolean,
  contents: TableOfContents,
  dataFiles: Set<string>,
  tools: VerificationTools & Pick<ReadBackOptions, 'onBytes'>,
): Promise<void> {
  const read = depth === 'full' ? readBackWhole : readBackHead;
  const decoding = decodingStages(file.key, tools.decryption);
  const options = { ...tools, stages: [] };
  if (!readable) return read(tools.repository, file, options);
  if (file.role === 'dump') {
    const stages = pipeInto(decoding, depth, listStage(depth, tools.pgRestore));
    return read(tools.repository, file, { ...options, stages, onLine: contents.add });
  }
  if (file.role !== 'rest') {
    const stages = decoding.length === 0 ? [] : [...decoding, discardStage];
    return read(tools.repository, file, { ...options, stages });
  }
  await mkdir(tools.folder, { recursive: true });
  const stages = pipeInto(decoding, depth, unpackStage(depth, tools.folder));
  const onLine = (line: string): void => void dataFiles.add(fileName(line));
  await read(tools.repository, file, { ...options, stages, onLine });
  return listUnpacked(file, contents, tools);
}

/** How a stored file's bytes become what pg_dump wrote: its key says it. */
function decodingStages(key: string, decryption: Stage | undefined): readonly Stage[] {
  const encrypted = key.endsWith('.age');
  const compressed = (encrypted ? key.slice(0, -'.age'.length) : key).endsWith('.zst');
  return [
    ...(encrypted && decryption !== undefined ? [decryption] : []),
    ...(compressed ? [decompressionStage] : []),
  ];
}

/** Of a head the last stage reads a part only, and those before it may find their reader gone. */
function pipeInto(decoding: readonly Stage[], depth: 'head' | 'full', last: Stage): readonly Stage[] {
  if (depth === 'full') return [...decoding, last];
  return [...decoding.map((stage) => ({ ...stage, tolerate: ['SIGPIPE' as const] })), last];
}

const discardStage: Stage = { program: 'bash', arguments: ['-c', 'exec cat >/dev/null'] };

function listStage(depth: 'head' | 'full', pgRestore: string): Stage {
  if (depth === 'head') return { program: pgRestore, arguments: ['--list'] };
  return { program: 'bash', arguments: ['-c', listWhole, 'pg_restore', pgRestore] };
}

function unpackStage(depth: 'head' | 'full', folder: string): Stage {
  if (depth === 'full') return { program: 'bash', arguments: ['-c', unpackContents, 'tar', folder] };
  return {
    program: 'tar',
    arguments: [
      '--extract',
      '--read-full-records',
      '--file=-',
      `--directory=${folder}`,
      '--occurrence=1',
      '--no-anchored',
      'toc.dat',
    ],
  };
}

async function listUnpacked(
  file: ManifestFile,
  contents: TableOfContents,
  tools: VerificationTools,
): Promise<void> {
  const pipe = tools.commands.pipe([{ program: tools.pgRestore, arguments: ['--list', tools.folder] }]);
  try {
    await Promise.all([pipe.done, eachLine(pipe.output, contents.add)]);
  } catch (error) {
    tools.signal.throwIfAborted();
    throw asDamage(file, error);
  }
}

/** @throws Failure `artifact-damaged` naming what the table of contents or the dump's files lack. */
function judgeContents(
  manifest: Manifest,
  depth: 'head' | 'full',
  contents: TableOfContents,
  dataFiles: ReadonlySet<string>,
): void {
  const dump = manifest.files.find(isDump);
  if (dump === undefined) throw new Error(`${manifest.name} was read as a manifest and lists no dump`);
  const missing = contents.missing(manifest.fingerprint.tables);
  if (missing.length > 0) {
    throw damaged(
      dump,
      `${String(manifest.fingerprint.tables.length)} tables`,
      `a table of contents without ${some(missing)}`,
    );
  }
  if (dump.role !== 'rest' || depth === 'head') return;
  const ids = new Set([...dataFiles].map((name) => name.replace(/\.dat(\..+)?$/, '')));
  const lost = [...contents.dataIds].filter((id) => !ids.has(id)).map((id) => `${id}.dat`);
  if (contents.hasLargeObjects && ![...dataFiles].some((name) => /^blobs.*\.toc/.test(name)))
    lost.push('blobs.toc');
  if (lost.length > 0) throw damaged(dump, 'a data file for each table', `none for ${some(lost)}`);
}

function isDump(file: ManifestFile): boolean {
  return file.role === 'dump' || file.role === 'rest';
}

/** The last part of a key or of tar's path. */
function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** A few names, so that a message stays readable when hundreds are missing. */
function some(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length <= 5 ? shown : `${shown} and ${String(names.length - 5)} more`;
}

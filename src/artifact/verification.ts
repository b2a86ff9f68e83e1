import { firstOf } from '../base/quantity/first-of.ts';
import { mkdir } from 'node:fs/promises';
import { getBounded } from '../base/document.ts';
import { listStage } from '../postgres/restore-command.ts';
import type { Commands, Stage } from '../process/commands.ts';
import type { Repository } from '../store/repository.ts';
import { parseChecksums, sha256Of } from './checksums.ts';
import type { Manifest, ManifestFile } from './manifest.ts';
import {
  asDamage,
  damaged,
  eachLine,
  readBackHead,
  readBackWhole,
  type ReadBackOptions,
} from './read-back.ts';
import { createTableOfContents, type TableOfContents } from './table-of-contents.ts';
import {
  decodingStages,
  discardStage,
  passingListStage,
  pipeInto,
  unpackStage,
} from './verification-stages.ts';

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

/** What was seen in an artifact's files. */
interface Found {
  readonly contents: TableOfContents;
  /** Of the large objects of a directory dump, which are a dump of their own. */
  readonly largeObjects: TableOfContents;
  /** Names of the files with rows. */
  readonly dataFiles: Set<string>;
}

/** Greatest accepted size of a checksums file, bytes: a line takes about 150, and there is one for each large table. */
const checksumsBytesLimit = 16 * 1024 * 1024;

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
  const found: Found = {
    contents: createTableOfContents(),
    largeObjects: createTableOfContents(),
    dataFiles: new Set(),
  };
  let bytes = 0;
  for (const file of files) {
    if (file.role === 'table') found.dataFiles.add(fileName(file.key));
    if (file.role === 'checksums') await compareChecksums(manifest, file, tools);
    await readBack(file, depth, readable, found, {
      ...tools,
      onBytes: (count) => {
        bytes += count;
        tools.onProgress?.(bytes, totalBytes);
      },
    });
  }
  if (readable) judgeContents(manifest, depth, found);
  return {
    depth,
    files: files.length,
    bytes,
    entries: found.contents.entries + found.largeObjects.entries,
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
  const stored = await getBounded(tools.repository, file.key, checksumsBytesLimit, tools.signal);
  const listed = stored.state === 'read' ? parseChecksums(stored.bytes.toString('utf8')) : undefined;
  if (stored.state !== 'read' || sha256Of(stored.bytes) !== file.sha256 || listed === undefined) {
    throw damaged(
      file,
      `checksums with sha256 ${file.sha256}`,
      stored.state === 'read' ? 'another text' : stored.state,
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
  found: Found,
  tools: VerificationTools & Pick<ReadBackOptions, 'onBytes'>,
): Promise<void> {
  const read = depth === 'full' ? readBackWhole : readBackHead;
  const decoding = decodingStages(file.key, tools.decryption);
  const options = { ...tools, stages: [] };
  if (!readable) return read(tools.repository, file, options);
  if (file.role === 'dump' || file.role === 'large-objects') {
    const stages = pipeInto(decoding, depth, passingListStage(depth, tools.pgRestore));
    const { add } = file.role === 'dump' ? found.contents : found.largeObjects;
    return read(tools.repository, file, { ...options, stages, onLine: add });
  }
  if (file.role !== 'rest') {
    const stages = decoding.length === 0 ? [] : [...decoding, discardStage];
    return read(tools.repository, file, { ...options, stages });
  }
  await mkdir(tools.folder, { recursive: true });
  const stages = pipeInto(decoding, depth, unpackStage(depth, tools.folder));
  const onLine = (line: string): void => void found.dataFiles.add(fileName(line));
  await read(tools.repository, file, { ...options, stages, onLine });
  return listUnpacked(file, found.contents, tools);
}

async function listUnpacked(
  file: ManifestFile,
  contents: TableOfContents,
  tools: VerificationTools,
): Promise<void> {
  const pipe = tools.commands.pipe([listStage(tools.pgRestore, [tools.folder])]);
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
  { contents, largeObjects, dataFiles }: Found,
): void {
  const dump = manifest.files.find(({ role }) => role === 'dump' || role === 'rest');
  if (dump === undefined) throw new Error(`${manifest.name} was read as a manifest and lists no dump`);
  const missing = contents.missing(manifest.fingerprint.tables);
  if (missing.length > 0) {
    throw damaged(
      dump,
      `${String(manifest.fingerprint.tables.length)} tables`,
      `a table of contents without ${firstOf(missing)}`,
    );
  }
  judgeLargeObjects(manifest, dump, contents.hasLargeObjects, largeObjects.hasLargeObjects);
  if (dump.role !== 'rest' || depth === 'head') return;
  const ids = new Set([...dataFiles].map((name) => name.replace(/\.dat(\..+)?$/, '')));
  const lost = [...contents.dataIds].filter((id) => !ids.has(id)).map((id) => `${id}.dat`);
  if (contents.hasLargeObjects && ![...dataFiles].some((name) => /^blobs.*\.toc/.test(name)))
    lost.push('blobs.toc');
  if (lost.length > 0) throw damaged(dump, 'a data file for each table', `none for ${firstOf(lost)}`);
}

/** Large objects are in the dump itself, or in a file of their own. @throws Failure `artifact-damaged` */
function judgeLargeObjects(manifest: Manifest, dump: ManifestFile, inDump: boolean, inOwn: boolean): void {
  const own = manifest.files.find(({ role }) => role === 'large-objects');
  if (own !== undefined && !inOwn) throw damaged(own, 'large objects', 'a dump without any');
  const { largeObjects = 0 } = manifest.fingerprint;
  if (largeObjects > 0 && !inDump && own === undefined) {
    throw damaged(dump, `large objects (${String(largeObjects)})`, 'a table of contents without them');
  }
}

/** Whether a file has a table of contents. */
function isDump({ role }: ManifestFile): boolean {
  return role === 'dump' || role === 'rest' || role === 'large-objects';
}

/** The last part of a key or of tar's path. */
function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

import { PassThrough, type Readable } from 'node:stream';
import { Failure } from '../base/failure.ts';
import { splitLines } from '../process/lines.ts';
import type { Commands, Stage } from '../process/commands.ts';
import { chunksOf } from '../base/body.ts';
import type { Repository } from '../store/repository.ts';
import { createMeter } from './checksums.ts';
import type { ManifestFile } from './manifest.ts';

/** How a stored file is read back. */
export interface ReadBackOptions {
  readonly commands: Commands;
  readonly signal: AbortSignal;
  /** Programs that must accept the file's bytes, from the first to the last of them; none: the bytes are hashed only. */
  readonly stages: readonly Stage[];
  /** Each line that the last stage writes. */
  readonly onLine?: (line: string) => void;
  /** Each number of bytes that came out of the repository. */
  readonly onBytes?: (bytes: number) => void;
}

/** Compressed bytes between the repository and the programs: a few parts of an S3 response. */
const feedBytes = 1024 * 1024;

/**
 * Reads one stored file from its first to its last byte, once: into sha256 and into the stages at the same time. What
 * a program says of bytes that are not the manifest's would only confuse, so size and sha256 are judged first.
 * @throws Failure `artifact-damaged` naming the file, what was expected and what was found; of the repository; of a
 *   program that is missing or was killed.
 */
export async function readBackWhole(
  repository: Repository,
  file: ManifestFile,
  options: ReadBackOptions,
): Promise<void> {
  const meter = createMeter();
  const source = await open(repository, file, options.signal);
  const programs = startBeside(source, options);
  try {
    for await (const chunk of chunksOf(source)) {
      meter.add(chunk);
      options.onBytes?.(chunk.length);
      await programs?.take(chunk);
    }
  } catch (error) {
    await programs?.kill();
    throw error;
  }
  programs?.end();
  const refusal = await programs?.ended;
  options.signal.throwIfAborted();
  if (meter.bytes !== file.bytes)
    throw damaged(file, `${String(file.bytes)} bytes`, `${String(meter.bytes)} bytes`);
  const sha256 = meter.digest();
  if (sha256 !== file.sha256) throw damaged(file, `sha256 ${file.sha256}`, `sha256 ${sha256}`);
  if (refusal !== undefined) throw asDamage(file, refusal);
}

/**
 * Reads as much of one stored file as the stages want to see; they should tolerate SIGPIPE but for the last.
 * @throws as `readBackWhole`, but neither size nor sha256 is known.
 */
export async function readBackHead(
  repository: Repository,
  file: ManifestFile,
  options: ReadBackOptions,
): Promise<void> {
  const source = await open(repository, file, options.signal);
  const programs = startBeside(source, options);
  if (programs === undefined) throw new Error('a head is read by programs, and there is none');
  try {
    for await (const chunk of chunksOf(source)) {
      options.onBytes?.(chunk.length);
      await programs.take(chunk);
      if (programs.satisfied()) break;
    }
  } catch (error) {
    await programs.kill();
    throw error;
  } finally {
    source.destroy();
  }
  programs.end();
  const refusal = await programs.ended;
  options.signal.throwIfAborted();
  if (refusal !== undefined) throw asDamage(file, refusal);
}

/** The failure that says what a stored file should be and is not. */
export function damaged(file: Pick<ManifestFile, 'key'>, expected: string, found: string): Failure {
  return new Failure('artifact-damaged', `${file.key} is damaged: expected ${expected}, found ${found}`, {
    where: file.key,
    hint: 'Do not restore from this artifact. Keep it for inquiry, run the backup again, and check the store.',
  });
}

async function open(repository: Repository, file: ManifestFile, signal: AbortSignal): Promise<Readable> {
  try {
    return await repository.get(file.key, { signal });
  } catch (error) {
    if (error instanceof Failure && error.code === 'repository-missing') {
      throw damaged(file, `${String(file.bytes)} bytes`, 'no such file');
    }
    throw error;
  }
}

/** Programs that read along, for as long as they want to. */
interface Programs {
  /** Resolves when there is room for more; at once when they have ended. */
  take(chunk: Uint8Array): Promise<void>;
  /** No more bytes will come. */
  end(): void;
  /** Whether they take no more. */
  satisfied(): boolean;
  kill(): Promise<void>;
  /** Resolves when all have exited, with what was wrong if anything was. */
  readonly ended: Promise<unknown>;
}

/** Starts the programs; when that cannot be, nobody is going to read the source. */
function startBeside(source: Readable, options: ReadBackOptions): Programs | undefined {
  try {
    return startPrograms(options);
  } catch (error) {
    source.on('error', () => undefined).destroy();
    throw error;
  }
}

function startPrograms(options: ReadBackOptions): Programs | undefined {
  if (options.stages.length === 0) return undefined;
  const feed = new PassThrough({ highWaterMark: feedBytes });
  // A program that has seen enough closes the feed; whether that was right, its exit status says.
  feed.on('error', () => undefined);
  const pipe = options.commands.pipe(options.stages, { input: feed });
  const ended = Promise.all([pipe.done, eachLine(pipe.output, options.onLine ?? (() => undefined))]).then(
    () => undefined,
    (error: unknown) => error ?? new Error('a pipe failed without a reason'),
  );
  return {
    take: async (chunk) => {
      if (feed.writable && !feed.write(chunk)) await drainedOrClosed(feed);
    },
    end: () => {
      feed.end();
    },
    satisfied: () => !feed.writable,
    kill: async () => {
      feed.destroy();
      await pipe.kill();
      await ended;
    },
    ended,
  };
}

/** Hands on each line of a program's output. */
export async function eachLine(output: Readable, onLine: (line: string) => void): Promise<void> {
  const splitter = splitLines((text) => text, onLine);
  for await (const chunk of output as AsyncIterable<Uint8Array>) splitter.write(chunk);
  splitter.end();
}

function drainedOrClosed(feed: PassThrough): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      feed.off('drain', finish).off('close', finish);
      resolve();
    };
    if (feed.destroyed) resolve();
    else feed.on('drain', finish).on('close', finish);
  });
}

/**
 * What a program's refusal of a file means: damage when it exited by itself over bytes that it cannot read, otherwise
 * the failure as it is (it is not installed, it was killed, the identity does not fit).
 */
export function asDamage(file: ManifestFile, refusal: unknown): unknown {
  if (!(refusal instanceof Failure) || refusal.code !== 'command-failed') return refusal;
  const { program, exit, stderr = [] } = refusal.fields;
  // 127 is a program that is not there, and more one that a signal ended.
  if (program === undefined || exit === undefined || exit >= 127) return refusal;
  if (stderr.some((line) => line.includes('No space left on device'))) {
    return new Failure('space-missing', `${file.key} could not be unpacked: ${refusal.message}`, {
      hint: 'Free some space on this host, or name a scratch folder where there is more.',
      cause: refusal,
    });
  }
  if (stderr.some((line) => line.includes('no identity matched'))) {
    return new Failure(
      'secret-unavailable',
      `${file.key} is encrypted to other recipients than this identity's`,
      {
        where: file.key,
        hint: 'Give the identity of one of the recipients in the manifest.',
        cause: refusal,
      },
    );
  }
  return new Failure('artifact-damaged', `${file.key} is damaged: it cannot be read: ${refusal.message}`, {
    where: file.key,
    hint: 'Do not restore from this artifact; run the backup again.',
    cause: refusal,
  });
}

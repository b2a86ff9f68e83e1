import { createReadStream, createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { describeDamage } from '../base/document.ts';
import { Failure } from '../base/failure.ts';
import { splitLines, type FileLine } from '../base/files.ts';
import { stateFolderFailure } from '../base/state-folder.ts';
import type { Repository } from '../store/repository.ts';
import { changeLines, longestChangeLine } from './change-lines.ts';
import { changeHeaders, type ChangeHeader } from './unfinished-changes.ts';

/** Attempts of one step that each leave a report. */
const mostReports = 99;

/** Whose report it is. */
export interface ReportOwner {
  readonly plan: string;
  readonly runId: string;
  readonly step: string;
}

/** `runs/PLAN/RUN-ID/STEP/changes.ndjson.gz`, beside the run's record; further attempts are numbered. */
function reportKey({ plan, runId, step }: ReportOwner, number: number): string {
  return `runs/${plan}/${runId}/${step}/changes${number === 1 ? '' : `-${number}`}.ndjson.gz`;
}

/**
 * Copies a report to the repository, compressed on the way and with its header as the first line, so that another host
 * can undo it too. Gives its key.
 * @throws Failure `repository-*`
 */
export async function storeReport(
  repository: Repository,
  owner: ReportOwner,
  report: { readonly path: string; readonly header: ChangeHeader },
  signal: AbortSignal,
): Promise<string> {
  for (let number = 1; ; number += 1) {
    const key = reportKey(owner, number);
    const body = Readable.from(withHeader(report)).pipe(createGzip());
    try {
      await repository.put(key, body, { contentType: 'application/gzip', signal });
      return key;
    } catch (error) {
      body.destroy();
      const isTaken = error instanceof Failure && error.code === 'key-exists' && number < mostReports;
      if (!isTaken) throw error;
    }
  }
}

async function* withHeader(report: {
  readonly path: string;
  readonly header: ChangeHeader;
}): AsyncGenerator<Buffer> {
  yield Buffer.from(`${JSON.stringify(report.header)}\n`);
  yield* createReadStream(report.path) as AsyncIterable<Buffer>;
}

/** The keys of a run's stored reports by the steps that left them: of each the newest, which names the changes of all. */
export async function findStoredReports(
  repository: Repository,
  runId: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const plan = /^(?<plan>.+)-\d{8}T\d{6}Z-[0-9a-f]+$/.exec(runId)?.groups?.['plan'];
  const newest = new Map<string, { readonly key: string; readonly number: number }>();
  if (plan === undefined) return new Map();
  for await (const { key } of repository.list(`runs/${plan}/${runId}/`, signal)) {
    const found = /\/(?<step>[^/]+)\/changes(?:-(?<number>\d+))?\.ndjson\.gz$/.exec(key)?.groups;
    if (found?.['step'] === undefined) continue;
    const number = Number(found['number'] ?? 1);
    if (number > (newest.get(found['step'])?.number ?? 0)) newest.set(found['step'], { key, number });
  }
  return new Map([...newest].map(([step, { key }]) => [step, key]));
}

/**
 * Brings a stored report to a file of this host, and gives its header. It may come from anybody: nothing but lines of a
 * report is written, so that what unpacks to more than any report has takes neither memory nor disk.
 * @throws Failure `usage` for what is no report, `repository-read` for one that is torn or damaged, `repository-*`, `state-folder`
 */
export async function fetchReport(
  repository: Repository,
  key: string,
  path: string,
  signal: AbortSignal,
): Promise<ChangeHeader> {
  let header: ChangeHeader | undefined;
  async function* soundLines(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const line of splitLines(pieces, longestChangeLine)) {
      if (line.number === 1) header = await headerOf(line, repository, key);
      else checkLine(line, repository, key);
      yield Buffer.concat([line.bytes ?? Buffer.alloc(0), newline]);
    }
  }
  const body = await repository.get(key, { signal });
  try {
    await pipeline(body, createGunzip(), soundLines, createWriteStream(path, { mode: 0o600 }), { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Failure) throw error;
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (!code.startsWith('Z_')) throw stateFolderFailure(path, error);
    throw damagedReport(repository, key, `its gzip is torn or damaged: ${message}`, error);
  }
  if (header === undefined) throw noReport(repository, key, 'is empty');
  return header;
}

const newline = Buffer.from('\n');

async function headerOf({ bytes }: FileLine, repository: Repository, key: string): Promise<ChangeHeader> {
  if (bytes === undefined) throw noReport(repository, key, 'begins with no header');
  const read = await changeHeaders.parse(bytes, key);
  if (read.state === 'sound') return read.value;
  throw noReport(repository, key, describeDamage(read.damage, 'its header'));
}

function checkLine({ number, bytes }: FileLine, repository: Repository, key: string): void {
  if (bytes === undefined)
    throw damagedReport(repository, key, `line ${number} is longer than ${longestChangeLine} bytes`);
  const read = changeLines.parse(bytes, key, number);
  if (read.state === 'damaged') throw damagedReport(repository, key, describeDamage(read.damage, 'it'));
}

function noReport({ location }: Repository, key: string, why: string): Failure {
  return new Failure('usage', `${key} in ${location} is no report of an uploads-restore: ${why}`, {
    where: key,
  });
}

function damagedReport({ location }: Repository, key: string, why: string, cause?: unknown): Failure {
  return new Failure('repository-read', `the report ${key} in ${location} cannot be undone: ${why}`, {
    hint: 'Nothing was changed. The host that ran it has its own copy: undo it there, or by the path of that.',
    where: key,
    fields: { object: key },
    cause,
  });
}

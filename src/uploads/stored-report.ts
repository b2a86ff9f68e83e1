import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { soundValue } from '../base/document.ts';
import { Failure } from '../base/failure.ts';
import type { Repository } from '../store/repository.ts';
import { changeHeaders, type ChangeHeader } from './unfinished-changes.ts';

/** Attempts of one step that each leave a report. */
const mostReports = 99;
/** Of a report's first line, which is its header. */
const longestHeader = 64 * 1024;

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

/** Brings a stored report to a file of this host, and gives its header. @throws Failure `repository-*`, `usage` */
export async function fetchReport(
  repository: Repository,
  key: string,
  path: string,
  signal: AbortSignal,
): Promise<ChangeHeader> {
  const body = await repository.get(key, { signal });
  await pipeline(body, createGunzip(), createWriteStream(path, { mode: 0o600 }), { signal });
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(longestHeader), 0, longestHeader, 0);
    const [line = ''] = buffer.subarray(0, bytesRead).toString('utf8').split('\n', 1);
    const header = soundValue(await changeHeaders.parse(line, key));
    if (header !== undefined) return header;
  } finally {
    await file.close();
  }
  throw new Failure('usage', `${key} in ${repository.location} is no report of an uploads-restore`);
}

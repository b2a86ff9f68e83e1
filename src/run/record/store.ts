import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { Repository } from '../../store/repository.ts';
import type { RunRecord } from '../../language/generated/run-record.types.ts';
import { foldEvents } from './fold.ts';
import { parseJournal } from './read-journal.ts';
import { journalFolder } from '../../base/state-folder.ts';

/** Records read from a repository at once. */
const together = 8;

/** `runs/<plan>/<runId>.json`. */
export function recordKey(plan: string, runId: string): string {
  return `runs/${plan}/${runId}.json`;
}

/** Stores a run's record in the repository. @throws Failure as `Repository.put` does */
export async function storeRecord(
  repository: Repository,
  record: RunRecord,
  signal?: AbortSignal,
): Promise<void> {
  await repository.put(recordKey(record.plan, record.runId), `${JSON.stringify(record, null, 2)}\n`, {
    contentType: 'application/json',
    ...(signal !== undefined && { signal }),
  });
}

export interface RecordSelection {
  readonly plan: string;
  /** Only the newest so many; all unless said. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/** Run records, newest first, and what could not be read as one. */
export interface RecordList {
  readonly records: readonly RunRecord[];
  /** Keys and paths of damaged records and journals. */
  readonly damaged: readonly string[];
}

type ReadRecord = () => Promise<RunRecord | undefined>;
type RecordSource = ReadonlyMap<string, ReadRecord>;

const nothing: RecordSource = new Map();
const unknown: ReadRecord = () => Promise.resolve(undefined);

/**
 * The records of a plan in its repository and in this host's state folder, merged by run id. This host's journal goes
 * first: it also knows runs whose record could not be stored, and one that is running now (as incomplete).
 */
export async function listRecords(
  sources: { readonly repository?: Repository; readonly stateFolder?: string },
  selection: RecordSelection,
): Promise<RecordList> {
  const { plan, limit, signal } = selection;
  const stored =
    sources.repository === undefined ? nothing : await storedRecords(sources.repository, plan, signal);
  const local = sources.stateFolder === undefined ? nothing : await localRecords(sources.stateFolder, plan);
  const merged: RecordSource = new Map([...stored, ...local]);
  const newest = [...merged.keys()].sort().reverse().slice(0, limit);
  const records: RunRecord[] = [];
  const damaged: string[] = [];
  for (let at = 0; at < newest.length; at += together) {
    const ids = newest.slice(at, at + together);
    const read = await Promise.all(ids.map((id) => (merged.get(id) ?? unknown)()));
    for (const [index, record] of read.entries()) {
      if (record === undefined) damaged.push(ids[index] ?? '');
      else records.push(record);
    }
  }
  return { records, damaged };
}

async function storedRecords(
  repository: Repository,
  plan: string,
  signal: AbortSignal | undefined,
): Promise<RecordSource> {
  const found = new Map<string, ReadRecord>();
  for await (const { key } of repository.list(recordKey(plan, '').replace(/\.json$/, ''), signal)) {
    const id = /([^/]+)\.json$/.exec(key)?.[1];
    if (id === undefined) continue;
    found.set(id, async () => {
      const body = await buffer(await repository.get(key, signal === undefined ? {} : { signal }));
      return parseRecord(body.toString('utf8'));
    });
  }
  return found;
}

async function localRecords(stateFolder: string, plan: string): Promise<RecordSource> {
  const folder = journalFolder(stateFolder, plan);
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.jsonl'));
  return new Map(
    names.map((name) => [
      name.slice(0, -'.jsonl'.length),
      async () => foldEvents(parseJournal(await readFile(join(folder, name), 'utf8'))),
    ]),
  );
}

/** A record's text as a record, or undefined when it is none. */
export async function parseRecord(text: string): Promise<RunRecord | undefined> {
  const { validate } = await import('../../language/generated/run-record.validate.ts');
  try {
    const value: unknown = JSON.parse(text);
    return validate(value) ? (value as RunRecord) : undefined;
  } catch {
    return undefined;
  }
}

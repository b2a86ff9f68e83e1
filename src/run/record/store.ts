import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { document, type Damage } from '../../base/document.ts';
import type { Repository } from '../../store/repository.ts';
import type { RunRecord } from '../../language/generated/run-record.types.ts';
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
  await records.put(repository, recordKey(record.plan, record.runId), record, signal);
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
  /** Damaged records and journals among those that were looked at. */
  readonly damaged: readonly Damage[];
}

const records = document<RunRecord>({
  name: 'run record',
  // Of each step up to 200 lines of 4 Ki characters: that is forty steps that say nothing else.
  limitBytes: 32 * 1024 * 1024,
  schema: () => import('../../language/generated/run-record.validate.ts'),
  shorter: shorterRecord,
});

const leftOut =
  'the record would have been too large: lines that steps printed are left out, the journal has them';

/** With half of the lines of each step, the last ones; without lines then, the largest facts are left out. */
function shorterRecord({ warnings, steps, ...record }: RunRecord): RunRecord | undefined {
  const half = Math.floor(
    Math.max(0, ...steps.map(({ output, notes }) => Math.max(output.length, notes.length))) / 2,
  );
  const hasLines = steps.some(({ output, notes }) => output.length + notes.length > 0);
  const last = <Item>(list: Item[]): Item[] => list.slice(list.length - Math.min(half, list.length));
  if (hasLines) {
    const cut = steps.map((step) => ({ ...step, output: last(step.output), notes: last(step.notes) }));
    return { ...record, steps: cut, warnings: [...new Set([...warnings, leftOut])] };
  }
  const size = ({ facts }: RunRecord['steps'][number]): number => JSON.stringify(facts ?? '').length;
  const largest = steps.toSorted((one, other) => size(other) - size(one))[0];
  if (largest?.facts === undefined) return undefined;
  const { facts: _, ...without } = largest;
  const warning = `the record would have been too large: the facts of step ${largest.id} are left out`;
  return {
    ...record,
    steps: steps.map((step) => (step === largest ? without : step)),
    warnings: [...warnings, warning],
  };
}

interface ReadRecord {
  readonly record?: RunRecord | undefined;
  readonly damage?: Damage | undefined;
}
/** By run id, how its record is read. */
type RecordSource = ReadonlyMap<string, () => Promise<ReadRecord>>;

const nothing: RecordSource = new Map();

/**
 * The records of a plan in its repository and in this host's state folder, merged by run id. This host's journal goes
 * first: it also knows runs whose record could not be stored, and one that is running now (as incomplete). What is
 * damaged is named, and takes no other's place.
 */
export async function listRecords(
  sources: { readonly repository?: Repository; readonly stateFolder?: string },
  selection: RecordSelection,
): Promise<RecordList> {
  const { plan, limit = Infinity, signal } = selection;
  const stored =
    sources.repository === undefined ? nothing : await storedRecords(sources.repository, plan, signal);
  const local = sources.stateFolder === undefined ? nothing : localRecords(sources.stateFolder, plan);
  const newest = [...new Set([...stored.keys(), ...local.keys()])].sort().reverse();
  const found: RunRecord[] = [];
  const damaged: Damage[] = [];
  const read = async (id: string): Promise<RunRecord | undefined> => {
    for (const source of [local, stored]) {
      const { record, damage } = (await source.get(id)?.()) ?? {};
      if (damage !== undefined) damaged.push(damage);
      if (record !== undefined) return record;
    }
    return undefined;
  };
  for (let at = 0; at < newest.length && found.length < limit;) {
    const ids = newest.slice(at, at + Math.min(together, limit - found.length));
    at += ids.length;
    found.push(...(await Promise.all(ids.map(read))).filter((record) => record !== undefined));
  }
  return { records: found, damaged: damaged.sort((one, other) => one.where.localeCompare(other.where)) };
}

async function storedRecords(
  repository: Repository,
  plan: string,
  signal: AbortSignal | undefined,
): Promise<RecordSource> {
  const found = new Map<string, () => Promise<ReadRecord>>();
  for await (const { key } of repository.list(recordKey(plan, '').replace(/\.json$/, ''), signal)) {
    const id = /([^/]+)\.json$/.exec(key)?.[1];
    if (id === undefined) continue;
    found.set(id, async () => {
      const read = await records.get(repository, key, signal);
      if (read.state === 'sound') return { record: read.value };
      return read.state === 'damaged' ? { damage: read.damage } : {};
    });
  }
  return found;
}

function localRecords(stateFolder: string, plan: string): RecordSource {
  const folder = journalFolder(stateFolder, plan);
  const names = namesIn(folder).filter((name) => name.endsWith('.jsonl'));
  const read = async (name: string): Promise<ReadRecord> => {
    // Where nothing has run yet, its schema is not loaded.
    const { readJournal } = await import('./read-journal.ts');
    return readJournal(join(folder, name));
  };
  return new Map(names.map((name) => [name.slice(0, -'.jsonl'.length), () => read(name)]));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

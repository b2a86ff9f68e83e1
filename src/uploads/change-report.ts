import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Change } from './change.ts';
import { lineOf, readChanges } from './change-lines.ts';

/** Changes in memory at once; the list of ids is read anew for each so many. */
const togetherLines = 50_000;

/**
 * Writes the changes of a journal that were done as a report, one line each. Where the store did not tell which version
 * a copy has made, `made` has lines of `key` and `made`, found by a listing since.
 */
export async function writeReport(journal: string, report: string, made: string | undefined): Promise<void> {
  await pipeline(Readable.from(reportLines(journal, made)), createWriteStream(report, { mode: 0o600 }));
}

async function* reportLines(journal: string, made: string | undefined): AsyncGenerator<string> {
  let together: Change[] = [];
  for await (const change of readChanges(journal)) {
    if (change.made === undefined) continue;
    together.push(change);
    if (together.length < togetherLines) continue;
    yield* withIds(together, made);
    together = [];
  }
  yield* withIds(together, made);
}

async function* withIds(changes: readonly Change[], made: string | undefined): AsyncGenerator<string> {
  const untold = new Set(
    changes.filter(({ made: id, action }) => id === null && action === 'promoted').map(({ key }) => key),
  );
  const ids = made === undefined || untold.size === 0 ? undefined : await idsOf(made, untold);
  for (const change of changes)
    yield lineOf({ ...change, made: change.made ?? ids?.get(change.key) ?? null });
}

async function idsOf(path: string, keys: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    const { key, made } = JSON.parse(text) as { readonly key: string; readonly made: string };
    if (keys.has(key)) found.set(key, made);
  }
  return found;
}

import { defined } from '../base/defined.ts';
import { isDeepStrictEqual } from 'node:util';
import type { Bucket } from '../language/environment/bucket.ts';
import { Failure } from '../base/failure.ts';
import type { S3 } from '../s3/client.ts';
import { changedMeanwhile } from './changed-meanwhile.ts';
import { rowsOf, type ComparedRow } from './compare.ts';
import { differences } from './facts.ts';
import { keptOtherwise } from './kept-otherwise.ts';
import { readSetting, withInstead, type Setting } from './setting.ts';

/** What was changed, for the record: facts of the setting before and after. */
export interface SettingChange {
  readonly setting: string;
  readonly before: Readonly<Record<string, string>>;
  readonly after: Readonly<Record<string, string>>;
}

export interface ChangeOptions {
  /** What the operator has seen and confirmed; undefined where nothing could be seen, as of a bucket just made. */
  readonly confirmed: readonly ComparedRow[] | undefined;
  readonly allowWeaker: boolean;
  /** Looked at before the first write and not after it: what was begun is read back and, if need be, undone. */
  readonly signal?: AbortSignal;
  /** Told before the first write. */
  readonly onChange?: (change: SettingChange) => void;
}

/**
 * Brings one setting to what the YAML says: reads it again, tries it out where it can be tried, writes, reads back and
 * compares. When the store kept something else the former value is put back at once. Undefined when nothing differs.
 *
 * @throws Failure `bucket-changed` when somebody changed it since it was shown, `bucket-weakened`,
 *   `bucket-kept-otherwise`, `repository-*`, `store-lacks`
 */
export async function changeSetting<Value>(
  setting: Setting<Value>,
  store: S3,
  bucket: Bucket,
  options: ChangeOptions,
): Promise<SettingChange | undefined> {
  if (!setting.isWished(bucket)) return undefined;
  const former = await readSetting(setting, store, options.signal);
  const rows = rowsOf(setting, bucket, former);
  if (rows.length === 0) return undefined;
  requireConfirmed(setting, bucket, rows, options.confirmed);
  const weaker = rows.find((row) => row.weaker !== undefined);
  if (weaker !== undefined && !options.allowWeaker) throw weakened(bucket, weaker);
  const wanted = setting.merge(bucket, former);
  options.signal?.throwIfAborted();
  const change = {
    setting: setting.name,
    before: Object.fromEntries(setting.facts(former)),
    after: Object.fromEntries(setting.facts(wanted)),
  };
  options.onChange?.(change);
  await withInstead(setting, () => setting.rehearse?.(store, bucket, former) ?? Promise.resolve());
  const answer = await setting.trial?.(store);
  try {
    await withInstead(setting, () => writeOrRemove(setting, store, wanted));
  } catch (error) {
    if (!mayHaveChanged(setting, error)) throw error;
    throw await undo(setting, store, former, error);
  }
  await compareReadBack(setting, store, bucket, { former, wanted });
  const answerNow = await setting.trial?.(store);
  if (answerNow !== answer) throw await undo(setting, store, former, harmed(setting, bucket, answerNow));
  return change;
}

/** What was tried out stands there, and a write without an answer may have been done. */
function mayHaveChanged<Value>(setting: Setting<Value>, error: unknown): error is Failure {
  return (
    error instanceof Failure && (setting.rehearse !== undefined || error.code === 'repository-unreachable')
  );
}

async function compareReadBack<Value>(
  setting: Setting<Value>,
  store: S3,
  bucket: Bucket,
  { former, wanted }: { readonly former: Value | undefined; readonly wanted: Value | undefined },
): Promise<void> {
  let failure: Failure;
  let isOfOthers = false;
  try {
    const kept = await readSetting(setting, store);
    const settled = kept === undefined ? undefined : (setting.withoutTries?.(kept) ?? kept);
    const wrong = differences(setting.facts(settled), setting.facts(wanted));
    if (wrong.length === 0) return;
    // Another apply that tries its rules has written back how it found them: undoing would hit its work, not ours.
    isOfOthers = !isDeepStrictEqual(settled, kept);
    failure = isOfOthers
      ? changedMeanwhile(bucket.name, setting.name)
      : keptOtherwise(bucket.name, setting.name, wrong);
  } catch (error) {
    // What cannot be read back is not known to be right.
    if (!(error instanceof Failure)) throw error;
    failure = error;
  }
  if (isOfOthers) throw failure;
  throw await undo(setting, store, former, failure);
}

/** Puts the former value back and gives the failure, which tells when even that did not work. */
async function undo<Value>(
  setting: Setting<Value>,
  store: S3,
  former: Value | undefined,
  failure: Failure,
): Promise<Failure> {
  const { code, message, hint, facts } = failure;
  const details = {
    ...defined({ hint, facts }),
    cause: failure,
  };
  try {
    await withInstead(setting, () => writeOrRemove(setting, store, former));
    return code === 'bucket-kept-otherwise'
      ? failure
      : new Failure(code, `${message}; what was written was undone`, details);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return new Failure(
      'bucket-kept-otherwise',
      `${message.replace(/; the former settings were put back$/, '')}; AND THE FORMER ${setting.name} COULD NOT BE PUT BACK (${reason})`,
      { ...details, hint: `set the ${setting.name} of the bucket by hand; the record holds how it was` },
    );
  }
}

async function writeOrRemove<Value>(
  setting: Setting<Value>,
  store: S3,
  value: Value | undefined,
): Promise<void> {
  await (value === undefined ? setting.remove(store) : setting.write(store, value));
}

/** Consequences are counts that move by themselves; keys and values must be those that were confirmed. */
function requireConfirmed<Value>(
  setting: Setting<Value>,
  bucket: Bucket,
  rows: readonly ComparedRow[],
  confirmed: readonly ComparedRow[] | undefined,
): void {
  if (confirmed === undefined) return;
  const plain = (row: ComparedRow): unknown => [row.key, row.is, row.should];
  const seen = confirmed.filter((row) => row.setting === setting.name);
  if (isDeepStrictEqual(rows.map(plain), seen.map(plain))) return;
  throw new Failure(
    'bucket-changed',
    `Somebody has changed the ${setting.name} of bucket ${bucket.name} since it was shown`,
    {
      hint: 'nothing was written; look at run-plan diff again',
    },
  );
}

function harmed<Value>({ name }: Setting<Value>, bucket: Bucket, answer: string | undefined): Failure {
  return new Failure(
    'bucket-kept-otherwise',
    `With ${name} the store refuses every upload to bucket ${bucket.name} (${answer ?? ''}); the former settings were put back`,
    { hint: `this store cannot do it: leave ${name} out of the YAML` },
  );
}

function weakened({ name }: Bucket, { key, is, should, weaker }: ComparedRow): Failure {
  return new Failure(
    'bucket-weakened',
    `Bucket ${name} would be protected less: ${key} is ${is ?? 'not set'} and should be ${should ?? 'not set'}: ${weaker ?? ''}`,
    { hint: 'if that is meant, say --allow-weaker' },
  );
}

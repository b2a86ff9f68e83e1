import { Failure } from '../base/failure.ts';
import type { Repository } from '../store/repository.ts';
import type { DrillMark } from '../language/generated/drill-mark.types.ts';
import { drillKey } from './name.ts';
import { readStoredText } from './stored-text.ts';

export type { DrillMark } from '../language/generated/drill-mark.types.ts';

/** Greatest accepted size of a drill mark in bytes; ours take about 400. */
const drillMarkBytesLimit = 64 * 1024;

/** A drill that succeeded. */
export interface SucceededDrill {
  /** The artifact's name. */
  readonly name: string;
  readonly drilledAt: Date;
  readonly runId: string;
  readonly plan: string;
  /** sha256 (hex) of the manifest of what was restored. */
  readonly manifestSha256: string;
  /** Wall time of the drill's steps, milliseconds. */
  readonly recoveryMs: number;
}

/**
 * Marks an artifact that a drill restored and found good, in place of the mark of an older drill. Where the store
 * refuses to remove that one (an object lock, a role without that right) it stays: the artifact was drilled all the
 * same. So it does when another run marks the artifact in the same moment.
 * @throws Failure `repository-*`
 */
export async function markDrilled(
  repository: Repository,
  drill: SucceededDrill,
  signal: AbortSignal,
): Promise<void> {
  const key = drillKey(drill.name);
  const { drilledAt, ...rest } = drill;
  const mark: DrillMark = { format: 1, ...rest, drilledAt: drilledAt.toISOString() };
  try {
    if ((await repository.head(key, signal)) !== undefined) await repository.remove([key], signal);
  } catch (error) {
    if (error instanceof Failure && error.code === 'repository-denied') return;
    throw error;
  }
  try {
    await repository.put(key, renderDrillMark(mark), { contentType: 'application/json', signal });
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'key-exists') throw error;
  }
}

/** A mark's text as stored. */
export function renderDrillMark(mark: DrillMark): string {
  return `${JSON.stringify(mark, undefined, 2)}\n`;
}

/**
 * The drill mark of an artifact; undefined when there is none, or none that speaks of this very manifest. What is
 * wrong with a mark is no harm to its artifact, which then merely counts as not drilled.
 * @throws Failure `repository-*`
 */
export async function readDrillMark(
  repository: Repository,
  marked: { readonly name: string; readonly manifestSha256: string },
  signal?: AbortSignal,
): Promise<DrillMark | undefined> {
  const found = await readStoredText(repository, drillKey(marked.name), drillMarkBytesLimit, signal);
  if (found.kind !== 'text') return undefined;
  const mark = await parseDrillMark(found.bytes.toString('utf8'));
  if (mark?.name !== marked.name || mark.manifestSha256 !== marked.manifestSha256) return undefined;
  return mark;
}

/** A mark from its text; undefined for anything else. Never throws. */
async function parseDrillMark(text: string): Promise<DrillMark | undefined> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { default: validate } = await import('../language/generated/drill-mark.validate.ts');
  return isDrillMark(validate, value) && !Number.isNaN(Date.parse(value.drilledAt)) ? value : undefined;
}

function isDrillMark(validate: (value: unknown) => boolean, value: unknown): value is DrillMark {
  return validate(value);
}

import { document, soundValue } from '../base/document.ts';
import { Failure } from '../base/failure.ts';
import type { Repository } from '../store/repository.ts';
import type { DrillMark } from '../language/generated/drill-mark.types.ts';
import { drillKey } from './name.ts';

export type { DrillMark } from '../language/generated/drill-mark.types.ts';

const drillMarks = document<DrillMark>({
  name: 'drill mark',
  // Ours take about 400 bytes.
  limitBytes: 64 * 1024,
  schema: () => import('../language/generated/drill-mark.validate.ts'),
  fault: ({ drilledAt }: DrillMark) =>
    Number.isNaN(Date.parse(drilledAt)) ? 'was made at no time' : undefined,
});

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
    await drillMarks.put(repository, key, mark, signal);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'key-exists') throw error;
  }
}

/** A mark's text as stored. */
export const renderDrillMark = drillMarks.render;

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
  const mark = soundValue(await drillMarks.get(repository, drillKey(marked.name), signal));
  if (mark?.name !== marked.name || mark.manifestSha256 !== marked.manifestSha256) return undefined;
  return mark;
}

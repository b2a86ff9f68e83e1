import { renderDistance, renderMoment, type Reading } from '../base/quantity/moment.ts';
import { alignedLines } from '../base/terminal/blocks.ts';
import { status } from '../base/terminal/status.ts';
import type { Span } from '../base/terminal/text.ts';
import { partialWords } from '../artifact/partial.ts';
import type { Artifact } from '../artifact/artifact.ts';
import type { Environment } from '../language/environment/environment.ts';
import { renderDuration } from '../base/quantity/duration.ts';
import { renderBytes } from '../base/quantity/size.ts';
import { obstacleTo } from './source-choice.ts';

/** How an artifact stands: `verified, drilled 12d 3h ago (…)`, or why it cannot be restored. */
export function stateText(
  artifact: Artifact,
  from: Environment,
  reading: Reading,
): readonly (Span | string)[] {
  const obstacle = obstacleTo(artifact, from);
  if (obstacle !== undefined) return [status('damaged', obstacle)];
  const { drilledAt } = artifact;
  const partial = partialWords(artifact);
  return [
    status(artifact.state),
    ...(drilledAt === undefined ? [] : [`, drilled ${renderMoment(drilledAt, reading)}`]),
    ...(partial === undefined ? [] : [`, ${partial}`]),
  ];
}

/** The same in words without an exact time, for a list to choose from. */
function stateWords(artifact: Artifact, from: Environment, now: Date): string {
  const { drilledAt } = artifact;
  const drilled = drilledAt === undefined ? '' : `, drilled ${renderDistance(drilledAt, now)}`;
  const partial = partialWords(artifact);
  return (
    obstacleTo(artifact, from) ?? `${artifact.state}${drilled}${partial === undefined ? '' : `, ${partial}`}`
  );
}

/** Since an instant: `3h 4m`. */
export function ageWords(at: Date, now: Date): string {
  return renderDuration(Math.max(0, now.getTime() - at.getTime()));
}

/** The instant that the data is of: what the age of an artifact is counted from. */
export function dataTime(artifact: Artifact): Date {
  const recoveryPoint = new Date(artifact.facts?.recoveryPoint.time ?? '');
  return Number.isNaN(recoveryPoint.getTime()) ? artifact.createdAt : recoveryPoint;
}

/** Artifacts as aligned lines no wider than `columns`, each of one line: name, age, size and state. */
export function artifactLines(
  artifacts: readonly Artifact[],
  from: Environment,
  { now, columns }: { readonly now: Date; readonly columns: number },
): readonly string[] {
  const rows = artifacts.map((artifact) => [
    artifact.name,
    ageWords(dataTime(artifact), now),
    renderBytes(artifact.bytes),
    // What is wrong with a file begins with the name that stands there already.
    stateWords(artifact, from, now).replace(`${artifact.name}.`, 'its .'),
  ]);
  return alignedLines([{}, { align: 'right' }, { align: 'right' }, {}], rows, columns);
}

import type { Artifact } from '../../artifact/artifact.ts';
import type { Environment } from '../../language/environment/environment.ts';
import { renderDuration } from '../../base/quantity/duration.ts';
import { renderBytes } from '../../base/quantity/size.ts';
import { obstacleTo } from './source-choice.ts';

/** How an artifact stands: `verified, drilled 12d 3h ago`, or why it cannot be restored. */
export function stateWords(artifact: Artifact, from: Environment, now: Date): string {
  const obstacle = obstacleTo(artifact, from);
  if (obstacle !== undefined) return obstacle;
  const drilled =
    artifact.drilledAt === undefined ? '' : `, drilled ${ageWords(artifact.drilledAt, now)} ago`;
  return `${artifact.state}${drilled}`;
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

/** Artifacts as aligned lines no wider than `columns`: name, age, size and state. */
export function artifactLines(
  artifacts: readonly Artifact[],
  from: Environment,
  { now, columns }: { readonly now: Date; readonly columns: number },
): readonly string[] {
  const rows = artifacts.map((artifact) => ({
    name: artifact.name,
    age: ageWords(dataTime(artifact), now),
    size: renderBytes(artifact.bytes),
    // What is wrong with a file begins with the name that stands there already.
    state: stateWords(artifact, from, now).replace(`${artifact.name}.`, 'its .'),
  }));
  const widest = (key: 'name' | 'age' | 'size'): number => Math.max(0, ...rows.map((row) => row[key].length));
  const widths = { name: widest('name'), age: widest('age'), size: widest('size') };
  return rows.map(({ name, age, size, state }) => {
    const line = `${name.padEnd(widths.name)}  ${age.padStart(widths.age)}  ${size.padStart(widths.size)}  ${state}`;
    return line.length <= columns ? line : `${line.slice(0, Math.max(1, columns - 1))}…`;
  });
}

import { createHash } from 'node:crypto';
import { Failure } from '../base/failure.ts';
import { newestFirst, type Artifact } from './artifact.ts';
import { parseArtifactName, parseCompactTime } from './name.ts';
import { isPartial, partialWords } from './partial.ts';

const choiceWords = ['latest', 'latest-partial', 'oldest', 'random', 'rotate'] as const;

/** Whose artifacts are meant; what is absent is not asked for. */
export interface ArtifactScope {
  readonly environment?: string;
  readonly database?: string;
}

/** What an operator may say for an artifact: `latest`, `latest-partial`, `oldest`, `random`, `rotate`, a name, or a time. */
export type ArtifactChoice =
  | { readonly kind: (typeof choiceWords)[number] }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'before'; readonly time: Date };

/**
 * Reads a choice: `latest`, `latest-partial` (the newest of those that hold a part of the database only, which every other
 * word passes over), `oldest`, `random` (any of them), `rotate` (of the age class that was longest not drilled), an
 * artifact's name, or a time (ISO 8601 or the form of names; UTC unless it says a zone).
 * @throws Failure `usage`
 */
export function parseChoice(text: string): ArtifactChoice {
  const kind = choiceWords.find((word) => word === text);
  if (kind !== undefined) return { kind };
  if (parseArtifactName(text) !== undefined) return { kind: 'name', name: text };
  const time = parseCompactTime(text) ?? parseTime(text);
  if (time !== undefined) return { kind: 'before', time };
  throw new Failure(
    'usage',
    `'${text}' is neither latest, latest-partial, oldest, random or rotate, nor an artifact's name, nor a time`,
    {
      hint: 'A name is listed by `run-plan artifacts`; a time is written 2025-01-01T02:00:00Z.',
    },
  );
}

/**
 * The artifact that a choice means, by the manifests' times within the scope. `before` compares the recovery point, so
 * that what the artifact holds is older than the time said. Partial artifacts are meant by name and by `latest-partial`
 * only. Damaged artifacts can be chosen by name only; the others
 * pass them over unless `damaged: true`. `seed` decides what is random: the same for the same run.
 * @throws Failure `artifact-missing` saying what there is instead.
 */
export function findArtifact(
  artifacts: readonly Artifact[],
  choice: ArtifactChoice,
  scope: ArtifactScope,
  options: { readonly damaged?: boolean; readonly seed?: string } = {},
): Artifact {
  const eligibles = artifacts
    .filter((artifact) => eligible(artifact, scope, options.damaged ?? false))
    .filter((artifact) => isPartial(artifact) === (choice.kind === 'latest-partial'))
    .sort(newestFirst);
  const found = chosen(choice, artifacts, eligibles, options.seed ?? '');
  if (found !== undefined) return found;
  throw new Failure(
    'artifact-missing',
    `there is no artifact ${describeChoice(choice)}${describeScope(scope)}`,
    {
      hint: describeRest(artifacts, scope),
    },
  );
}

/**
 * Which partial artifacts of the same database are newer than a chosen whole one, in words for whoever chose: what was
 * taken is not the newest there is. Pure.
 */
export function passedOver(
  found: Artifact,
  artifacts: readonly Artifact[],
  choice: ArtifactChoice,
): string | undefined {
  if (choice.kind !== 'latest' || isPartial(found)) return undefined;
  const { environment, database } = found;
  const newer = artifacts
    .filter((each) => isPartial(each) && each.database === database && each.environment === environment)
    .filter((each) => newestFirst(each, found) < 0)
    .sort(newestFirst);
  const [newest, ...others] = newer;
  if (newest === undefined) return undefined;
  const more = others.length === 0 ? '' : ` and ${String(others.length)} more`;
  return `newer than ${found.name} and passed over: ${newest.name} (${partialWords(newest) ?? ''})${more}; latest-partial takes it`;
}

function chosen(
  choice: ArtifactChoice,
  all: readonly Artifact[],
  eligibles: readonly Artifact[],
  seed: string,
): Artifact | undefined {
  switch (choice.kind) {
    case 'name':
      return all.find(({ name }) => name === choice.name);
    case 'before':
      return eligibles.find((artifact) => precedes(artifact, choice.time));
    case 'latest':
    case 'latest-partial':
      return eligibles[0];
    case 'oldest':
      return eligibles.at(-1);
    case 'random':
      return eligibles[createHash('sha256').update(seed).digest().readUInt32BE() % eligibles.length];
    case 'rotate':
      return nextInRotation(eligibles);
  }
}

function eligible(artifact: Artifact, scope: ArtifactScope, damaged: boolean): boolean {
  if (artifact.state === 'damaged' && !damaged) return false;
  if (scope.database !== undefined && artifact.database !== scope.database) return false;
  // The environment of an unreadable manifest is unknown: it may be the one asked for.
  return scope.environment === undefined || (artifact.environment ?? scope.environment) === scope.environment;
}

function precedes(artifact: Artifact, time: Date): boolean {
  const recoveryPoint = Date.parse(artifact.facts?.recoveryPoint.time ?? '');
  return (Number.isNaN(recoveryPoint) ? artifact.createdAt.getTime() : recoveryPoint) <= time.getTime();
}

/** A time as people write one; undefined for anything else. A date alone is its first instant; a time without a zone is UTC, where Date would take the host's zone. */
export function parseTime(text: string): Date | undefined {
  const match =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:?\d{2})?)?$/.exec(text);
  if (match?.[1] === undefined) return undefined;
  const zone = match[3]?.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2') ?? 'Z';
  const time = new Date(`${match[1]}T${match[2] ?? '00:00'}${zone}`);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

function describeChoice(choice: ArtifactChoice): string {
  if (choice.kind === 'latest-partial') return 'that is partial';
  if (choice.kind !== 'name' && choice.kind !== 'before') return 'that could be used';
  return choice.kind === 'name' ? choice.name : `before ${choice.time.toISOString()}`;
}

function describeScope({ database, environment }: ArtifactScope): string {
  const words = [
    ...(database === undefined ? [] : [`of the database ${database}`]),
    ...(environment === undefined ? [] : [`in the environment ${environment}`]),
  ];
  return words.length === 0 ? '' : ` ${words.join(' ')}`;
}

function describeRest(artifacts: readonly Artifact[], scope: ArtifactScope): string {
  const [newest] = artifacts;
  const partial = artifacts
    .filter((each) => isPartial(each) && eligible(each, scope, false))
    .sort(newestFirst)[0];
  if (partial !== undefined)
    return `Of that database there are partial ones, the newest ${partial.name} (${partialWords(partial) ?? ''}): it is meant by its name or by latest-partial.`;
  if (newest === undefined) return 'The repository holds no artifact at all: has its plan run?';
  return `The repository holds ${String(artifacts.length)}, the newest ${newest.name} (${newest.state}); \`run-plan artifacts\` lists them.`;
}

const dayMs = 24 * 60 * 60 * 1000;

/** Age classes by their greatest age, counted from the newest artifact; older ones are the last class. */
const classLimitsMs = [2 * dayMs, 8 * dayMs, 32 * dayMs, 93 * dayMs];

/**
 * The artifact that a drill takes next, so that old backups are proven too: of the age class whose artifacts were
 * drilled longest ago or never, the newest one. Of classes alike, the one with the oldest artifacts comes first.
 * `artifacts` are newest first.
 */
export function nextInRotation(artifacts: readonly Artifact[]): Artifact | undefined {
  const [newest] = artifacts;
  if (newest === undefined) return undefined;
  const classes = Map.groupBy(artifacts, ({ createdAt }) =>
    classOf(newest.createdAt.getTime() - createdAt.getTime()),
  );
  const ranked = [...classes].map(([ageClass, members]) => ({
    ageClass,
    members,
    drilledMs: lastDrillMs(members),
  }));
  const [next] = ranked.sort(
    (left, right) => left.drilledMs - right.drilledMs || right.ageClass - left.ageClass,
  );
  return next?.members[0];
}

function classOf(ageMs: number): number {
  const found = classLimitsMs.findIndex((limitMs) => ageMs <= limitMs);
  return found === -1 ? classLimitsMs.length : found;
}

/** When one of them was drilled last, milliseconds since 1970; 0 for never. */
function lastDrillMs(artifacts: readonly Artifact[]): number {
  return Math.max(...artifacts.map(({ drilledAt }) => drilledAt?.getTime() ?? 0));
}

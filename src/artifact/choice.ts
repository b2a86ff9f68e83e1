import { Failure } from '../failure.ts';
import { newestFirst, type Artifact } from './artifact.ts';
import { parseArtifactName, parseCompactTime } from './name.ts';

/** Whose artifacts are meant; what is absent is not asked for. */
export interface ArtifactScope {
  readonly environment?: string;
  readonly database?: string;
}

/** What an operator may say for an artifact: `latest`, a name, or a time. */
export type ArtifactChoice =
  | { readonly kind: 'latest' }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'before'; readonly time: Date };

/**
 * Reads a choice: `latest`, an artifact's name, or a time (ISO 8601 or the form of names; UTC unless it says a zone).
 * @throws Failure `usage`
 */
export function parseChoice(text: string): ArtifactChoice {
  if (text === 'latest') return { kind: 'latest' };
  if (parseArtifactName(text) !== undefined) return { kind: 'name', name: text };
  const time = parseCompactTime(text) ?? parseTime(text);
  if (time !== undefined) return { kind: 'before', time };
  throw new Failure('usage', `'${text}' is neither latest, nor an artifact's name, nor a time`, {
    hint: 'A name is listed by `run-plan artifacts`; a time is written 2025-01-01T02:00:00Z.',
  });
}

/**
 * The artifact that a choice means: the newest by its manifest's time within the scope. `before` compares the
 * recovery point, so that what the artifact holds is older than the time said. Damaged artifacts can be chosen by
 * name only; `latest` and `before` pass them over unless `damaged: true`.
 * @throws Failure `artifact-missing` saying what there is instead.
 */
export function findArtifact(
  artifacts: readonly Artifact[],
  choice: ArtifactChoice,
  scope: ArtifactScope,
  options: { readonly damaged?: boolean } = {},
): Artifact {
  const found =
    choice.kind === 'name'
      ? artifacts.find(({ name }) => name === choice.name)
      : [...artifacts]
          .sort(newestFirst)
          .find(
            (artifact) => eligible(artifact, scope, options.damaged ?? false) && precedes(artifact, choice),
          );
  if (found !== undefined) return found;
  throw new Failure(
    'artifact-missing',
    `there is no artifact ${describeChoice(choice)}${describeScope(scope)}`,
    {
      hint: describeRest(artifacts),
    },
  );
}

function eligible(artifact: Artifact, scope: ArtifactScope, damaged: boolean): boolean {
  if (artifact.state === 'damaged' && !damaged) return false;
  if (scope.database !== undefined && artifact.database !== scope.database) return false;
  // The environment of an unreadable manifest is unknown: it may be the one asked for.
  return scope.environment === undefined || (artifact.environment ?? scope.environment) === scope.environment;
}

function precedes(artifact: Artifact, choice: ArtifactChoice): boolean {
  if (choice.kind !== 'before') return true;
  const recoveryPoint = Date.parse(artifact.facts?.recoveryPoint.time ?? '');
  return (
    (Number.isNaN(recoveryPoint) ? artifact.createdAt.getTime() : recoveryPoint) <= choice.time.getTime()
  );
}

/** A date alone is its first instant; a time without a zone is UTC, where Date would take the host's zone. */
function parseTime(text: string): Date | undefined {
  const match =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:?\d{2})?)?$/.exec(text);
  if (match?.[1] === undefined) return undefined;
  const zone = match[3]?.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2') ?? 'Z';
  const time = new Date(`${match[1]}T${match[2] ?? '00:00'}${zone}`);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

function describeChoice(choice: ArtifactChoice): string {
  if (choice.kind === 'latest') return 'that could be used';
  return choice.kind === 'name' ? choice.name : `before ${choice.time.toISOString()}`;
}

function describeScope({ database, environment }: ArtifactScope): string {
  const words = [
    ...(database === undefined ? [] : [`of the database ${database}`]),
    ...(environment === undefined ? [] : [`in the environment ${environment}`]),
  ];
  return words.length === 0 ? '' : ` ${words.join(' ')}`;
}

function describeRest(artifacts: readonly Artifact[]): string {
  const [newest] = artifacts;
  if (newest === undefined) return 'The repository holds no artifact at all: has its plan run?';
  return `The repository holds ${String(artifacts.length)}, the newest ${newest.name} (${newest.state}); \`run-plan artifacts\` lists them.`;
}

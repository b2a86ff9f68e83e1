import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { defined } from '../base/defined.ts';
import type { Artifact, ArtifactFacts } from '../artifact/artifact.ts';
import { findArtifact, parseChoice, passedOver, type ArtifactScope } from '../artifact/choice.ts';
import { listArtifacts } from '../artifact/store.ts';
import type { Environment } from '../language/environment/environment.ts';
import { Failure } from '../base/failure.ts';
import { didYouMean } from '../language/yaml/did-you-mean.ts';
import { withRepository, type Plans } from '../task/plans.ts';

/** What is restored, settled. */
export type ChosenSource = ChosenArtifact | ChosenFile;

export interface ChosenArtifact {
  readonly kind: 'artifact';
  readonly name: string;
  readonly from: Environment;
  readonly artifact: Artifact;
  readonly facts: ArtifactFacts;
  /** Newer partial artifacts that were not taken, in words. */
  readonly passedOver?: string;
}

/** A dump of any tool on this host. */
export interface ChosenFile {
  readonly kind: 'file';
  readonly name: string;
  /** Of a folder nothing is known before it is read. */
  readonly bytes: number | undefined;
}

/** An environment's own artifacts, newest first. @throws Failure `repository-*`, `secret-unavailable` */
export async function artifactsOf(plans: Plans, from: Environment): Promise<readonly Artifact[]> {
  const all = await withRepository(plans, from, (repository) => listArtifacts(repository));
  // A repository may serve several environments.
  return all.filter((artifact) => (artifact.environment ?? from.name) === from.name);
}

/** Why an artifact cannot be restored here; undefined when it can. */
export function obstacleTo(artifact: Artifact, from: Environment): string | undefined {
  if (artifact.state === 'damaged') return `damaged: ${artifact.reason}`;
  const isEncrypted = artifact.facts.dump.recipients.length > 0;
  if (isEncrypted && from.repository?.encrypt?.identity === undefined)
    return 'encrypted, and this host has no identity for it';
  return undefined;
}

/**
 * The artifact that an operator's words mean: latest, a name, a time. Damaged ones are refused.
 * @throws Failure `usage`, `artifact-missing`, `artifact-damaged`
 */
export function chooseArtifact(
  words: string,
  artifacts: readonly Artifact[],
  from: Environment,
): ChosenArtifact {
  const scope: ArtifactScope = {
    environment: from.name,
    ...(from.postgres !== undefined && { database: from.postgres.database }),
  };
  const artifact = withSuggestion(words, artifacts, () =>
    findArtifact(artifacts, parseChoice(words), scope, { seed: String(Date.now()) }),
  );
  if (artifact.state === 'damaged') {
    throw new Failure('artifact-damaged', `${artifact.name} cannot be restored: ${artifact.reason}`, {
      where: artifact.name,
      hint: 'choose another one: run-plan restore --list shows them',
    });
  }
  const obstacle = obstacleTo(artifact, from);
  if (obstacle !== undefined) {
    throw new Failure('secret-unavailable', `${artifact.name} cannot be restored here: it is ${obstacle}`, {
      hint: `give the repository of '${from.name}' one: encrypt: { age: […], identity: { file: … } }`,
    });
  }
  return {
    kind: 'artifact',
    name: artifact.name,
    from,
    artifact,
    facts: artifact.facts,
    ...defined({ passedOver: passedOver(artifact, artifacts, parseChoice(words)) }),
  };
}

/** A dump on this host, by its path. @throws Failure `artifact-missing` */
export async function chooseFile(path: string, workingFolder: string): Promise<ChosenFile> {
  const found = await stat(resolve(workingFolder, path)).catch(() => undefined);
  if (found === undefined) {
    throw new Failure('artifact-missing', `there is no file ${path}`, {
      hint: 'words with a slash are a path on this host; an artifact is named without one',
    });
  }
  return { kind: 'file', name: path, bytes: found.isFile() ? found.size : undefined };
}

/** A name that was not copied exactly is told the one that it comes nearest to. */
function withSuggestion(words: string, artifacts: readonly Artifact[], find: () => Artifact): Artifact {
  try {
    return find();
  } catch (error) {
    const isUnknown =
      error instanceof Failure && (error.code === 'usage' || error.code === 'artifact-missing');
    const meant = words.startsWith('pg_')
      ? didYouMean(
          words,
          artifacts.map(({ name }) => name),
        )
      : '';
    if (!isUnknown || meant === '') throw error;
    throw new Failure('artifact-missing', `there is no artifact ${words}${meant}`, {
      hint: 'run-plan restore --list shows those there are',
    });
  }
}

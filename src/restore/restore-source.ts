import type { Artifact } from '../artifact/artifact.ts';
import { decompressionStage } from '../artifact/compression.ts';
import { decryptionStage } from '../artifact/encryption.ts';
import { findArtifact, parseChoice, passedOver, type ArtifactScope } from '../artifact/choice.ts';
import { isData, type Manifest, type ManifestFile } from '../artifact/manifest.ts';
import { listArtifacts, readManifest } from '../artifact/store.ts';
import type { Environment } from '../language/environment/environment.ts';
import { Failure } from '../base/failure.ts';
import type { Stage } from '../process/commands.ts';
import type { Repository } from '../store/repository.ts';
import type { Secrets } from '../language/secret-reference.ts';

/** An artifact that is about to be restored. */
export interface ArtifactSource {
  readonly kind: 'artifact';
  readonly artifact: Artifact;
  readonly manifest: Manifest;
  /** sha256 of the stored manifest, hex. */
  readonly manifestSha256: string;
  readonly repository: Repository;
  /** The environment whose repository it is. */
  readonly from: Environment;
  /** Decrypt and decompress each of its files. */
  readonly unpack: readonly Stage[];
  /** Newer partial artifacts that were not taken, in words. */
  readonly passedOver: string | undefined;
}

export interface SourceOptions {
  readonly from: Environment;
  readonly repository: Repository;
  readonly secrets: Secrets;
  /** Private; an identity is written there. */
  readonly folder: string;
  /** The run's id: `random` is the same for the same run. */
  readonly runId: string;
  readonly signal: AbortSignal;
}

/**
 * The artifact that an operator's words mean, with its manifest.
 * @throws Failure `usage`, `artifact-missing`, `artifact-damaged`, `secret-unavailable`, `repository-*`
 */
export async function chooseSource(words: string, options: SourceOptions): Promise<ArtifactSource> {
  const { from, repository, signal } = options;
  const artifacts = await listArtifacts(repository, { signal });
  const scope: ArtifactScope = {
    environment: from.name,
    ...(from.postgres !== undefined && { database: from.postgres.database }),
  };
  const choice = parseChoice(words);
  const artifact = findArtifact(artifacts, choice, scope, { seed: options.runId });
  if (artifact.state === 'damaged') {
    throw new Failure('artifact-damaged', `${artifact.name} cannot be restored: ${artifact.reason}`, {
      where: artifact.name,
      hint: 'Choose another one: `run-plan artifacts` lists them.',
    });
  }
  const { manifest, sha256 } = await readManifest(repository, artifact.name, signal);
  return {
    kind: 'artifact',
    artifact,
    manifest,
    manifestSha256: sha256,
    repository,
    from,
    unpack: await unpackingStages(manifest, options),
    passedOver: passedOver(artifact, artifacts, choice),
  };
}

async function unpackingStages(
  { name, dump }: Manifest,
  { from, secrets, folder }: SourceOptions,
): Promise<readonly Stage[]> {
  const compression = dump.compression === 'zstd' ? [decompressionStage] : [];
  if (dump.recipients.length === 0) return compression;
  const identity = from.repository?.encrypt?.identity;
  if (identity === undefined) {
    throw new Failure('secret-unavailable', `${name} is encrypted and this host has no identity for it`, {
      hint: `give the repository of '${from.name}' one: encrypt: { age: […], identity: { file: … } }`,
    });
  }
  return [await decryptionStage(identity, { secrets, folder }), ...compression];
}

/** The file that stands for the whole dump: the dump itself, or what a directory dump has beside its large tables. */
export function mainFile({ name, files }: Manifest): ManifestFile {
  const file = files.find(({ role }) => role === 'dump' || role === 'rest');
  if (file === undefined) throw new Error(`${name} was read as a manifest and lists no dump`);
  return file;
}

/** The file whose sha256 speaks for all data: the dump, or the checksums of a dump of many files. */
export function provingFile({ files }: Manifest): ManifestFile | undefined {
  return files.find(({ role }) => role === 'dump') ?? files.find(({ role }) => role === 'checksums');
}

/** Stored bytes of what a restore reads. */
export function dataBytes({ files }: Manifest): number {
  return files.filter(isData).reduce((sum, { bytes }) => sum + bytes, 0);
}

import { forEachOf } from '../base/waiting.ts';
import { Failure } from '../base/failure.ts';
import type { Repository, StoredObject } from '../store/repository.ts';
import {
  newestFirst,
  type Artifact,
  type ArtifactState,
  type Leftover,
  type StoredArtifact,
} from './artifact.ts';
import { sha256Of } from './checksums.ts';
import { readDrillMark } from './drill-mark.ts';
import { judgeManifest, manifests, type Manifest } from './manifest.ts';
import { drillKey, manifestKey, parseArtifactKey, parseArtifactName, verificationKey } from './name.ts';
import { judgeVerification, verifications } from './verification-mark.ts';

export interface StoreOptions {
  readonly signal?: AbortSignal;
}

/** What one listing of a repository showed: artifacts newest first, and files that belong to none. */
export interface StoreContents {
  readonly artifacts: readonly Artifact[];
  readonly leftovers: readonly Leftover[];
}

/** A manifest read from the repository with the sha256 (hex) of its stored bytes, which marks speak of. */
export interface StoredManifest {
  readonly manifest: Manifest;
  readonly sha256: string;
}

/** Manifests and marks read at once: enough to hide a store's latency, and few enough to bound memory. */
const readsInFlight = 8;

/** Every key of an artifact begins so; run records and other people's files do not. */
const artifactPrefix = 'pg_';

/**
 * Every artifact of a repository, newest first, damaged ones included: one paged listing, then each manifest and mark.
 * What has no manifest is not an artifact and not listed.
 * @throws Failure `repository-*`
 */
export async function listArtifacts(
  repository: Repository,
  options: StoreOptions = {},
): Promise<readonly Artifact[]> {
  return (await readContents(repository, options)).artifacts;
}

/** Artifacts and leftovers out of one listing. @throws Failure `repository-*` */
export async function readContents(
  repository: Repository,
  options: StoreOptions = {},
): Promise<StoreContents> {
  const names = await listNames(repository, options.signal);
  const artifacts: Artifact[] = [];
  const leftovers: Leftover[] = [];
  await forEachOf(
    names,
    { atOnce: readsInFlight, signal: options.signal },
    async ([name, objects], signal) => {
      // By the listing alone: files whose manifest merely cannot be got at this moment must never pass for debris.
      if (!objects.some(({ key }) => key === manifestKey(name))) {
        leftovers.push(leftoverOf(name, objects));
        return;
      }
      const artifact = await judge(repository, name, objects, signal);
      if (artifact !== undefined) artifacts.push(artifact);
    },
  );
  return {
    artifacts: artifacts.sort(newestFirst),
    leftovers: leftovers.sort((left, right) => (left.name < right.name ? -1 : 1)),
  };
}

/**
 * The whole manifest of one artifact.
 * @throws Failure `artifact-missing` when there is none, `artifact-damaged` when it cannot be read as one.
 */
export async function readManifest(
  repository: Repository,
  name: string,
  signal?: AbortSignal,
): Promise<StoredManifest> {
  const found = await loadManifest(repository, name, signal);
  if (found === undefined) {
    throw new Failure('artifact-missing', `${name} has no manifest in ${repository.location}`, {
      hint: 'What has no manifest is not an artifact; `run-plan artifacts` lists those there are.',
    });
  }
  if (!('damage' in found)) return found;
  throw new Failure('artifact-damaged', `${name} is damaged: ${found.damage}`, { where: manifestKey(name) });
}

async function loadManifest(
  repository: Repository,
  name: string,
  signal: AbortSignal | undefined,
): Promise<StoredManifest | { readonly damage: string } | undefined> {
  const found = await manifests.get(repository, manifestKey(name), signal);
  if (found.state === 'missing') return undefined;
  const judged = judgeManifest(found, name);
  return judged.ok
    ? { manifest: judged.manifest, sha256: sha256Of(judged.bytes) }
    : { damage: judged.reason };
}

async function listNames(
  repository: Repository,
  signal: AbortSignal | undefined,
): Promise<Map<string, StoredObject[]>> {
  const names = new Map<string, StoredObject[]>();
  for await (const object of repository.list(artifactPrefix, signal)) {
    const name = parseArtifactKey(object.key)?.name;
    if (name === undefined) continue;
    const objects = names.get(name);
    if (objects === undefined) names.set(name, [object]);
    else objects.push(object);
  }
  return names;
}

/** Undefined when the manifest went away after the listing: another run pruned it. */
async function judge(
  repository: Repository,
  name: string,
  objects: readonly StoredObject[],
  signal: AbortSignal | undefined,
): Promise<Artifact | undefined> {
  const found = await loadManifest(repository, name, signal);
  if (found === undefined) return undefined;
  const { database, at } = partsOf(name);
  const stored = { name, database, objects, bytes: sumBytes(objects) };
  if ('damage' in found) {
    return { ...stored, environment: undefined, createdAt: at, state: 'damaged', reason: found.damage };
  }
  const createdAt = new Date(found.manifest.createdAt);
  const artifact = { ...stored, environment: found.manifest.environment, createdAt };
  const state = await stateOf(repository, found, artifact, signal);
  return { ...artifact, ...(await drillOf(repository, artifact, state, signal)), ...state };
}

async function drillOf(
  repository: Repository,
  { name, objects }: StoredArtifact,
  state: ArtifactState,
  signal: AbortSignal | undefined,
): Promise<Pick<StoredArtifact, 'drill' | 'drilledAt'>> {
  if (state.state === 'damaged' || !objects.some(({ key }) => key === drillKey(name))) return {};
  const drill = await readDrillMark(repository, { name, manifestSha256: state.manifestSha256 }, signal);
  return drill === undefined ? {} : { drill, drilledAt: new Date(drill.drilledAt) };
}

async function stateOf(
  repository: Repository,
  { manifest, sha256 }: StoredManifest,
  artifact: StoredArtifact,
  signal: AbortSignal | undefined,
): Promise<ArtifactState> {
  const { files, fingerprint: _, ...facts } = manifest;
  const damage = missingOrResized(files, artifact.objects);
  if (damage !== undefined) return { state: 'damaged', facts, reason: damage };
  const unverified = (reason: string): ArtifactState => ({
    state: 'unverified',
    facts,
    manifestSha256: sha256,
    reason,
  });
  const key = verificationKey(artifact.name);
  if (!artifact.objects.some((object) => object.key === key)) return unverified('it was never read back');
  const mark = await verifications.get(repository, key, signal);
  if (mark.state === 'missing') return unverified('it was never read back');
  const parsed = judgeVerification(mark, {
    name: artifact.name,
    manifestSha256: sha256,
    createdAt: artifact.createdAt,
  });
  if (!parsed.ok) return unverified(parsed.reason);
  return { state: 'verified', facts, manifestSha256: sha256, verification: parsed.verification };
}

/** The first file that does not stand in the listing as the manifest says, in words. */
function missingOrResized(files: Manifest['files'], objects: readonly StoredObject[]): string | undefined {
  const sizes = new Map(objects.map(({ key, bytes }) => [key, bytes]));
  for (const file of files) {
    const bytes = sizes.get(file.key);
    if (bytes === undefined) return `${file.key} is missing`;
    if (bytes !== file.bytes) {
      return `${file.key} has ${String(bytes)} bytes where its manifest says ${String(file.bytes)}`;
    }
    if (bytes === 0 && file.role !== 'globals') return `${file.key} is empty`;
  }
  return undefined;
}

function leftoverOf(name: string, objects: readonly StoredObject[]): Leftover {
  return { name, ...partsOf(name), objects, bytes: sumBytes(objects) };
}

function partsOf(name: string): { database: string; at: Date } {
  const parts = parseArtifactName(name);
  if (parts === undefined) throw new Error(`${name} was listed as an artifact's name and is none`);
  return parts;
}

function sumBytes(objects: readonly StoredObject[]): number {
  return objects.reduce((sum, { bytes }) => sum + bytes, 0);
}

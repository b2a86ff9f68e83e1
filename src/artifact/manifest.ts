import { describeDamage, document, type Present } from '../base/document.ts';
import type { Manifest } from '../language/generated/manifest.types.ts';
import { compactTime, manifestKey, parseArtifactName } from './name.ts';

export type { Manifest } from '../language/generated/manifest.types.ts';

/** One stored file as a manifest lists it. */
export type ManifestFile = Manifest['files'][number];

/** Whether a stored file holds a part of the database itself, not roles, checksums or the guide. */
export function isData({ role }: Pick<ManifestFile, 'role'>): boolean {
  return role === 'dump' || role === 'table' || role === 'rest' || role === 'large-objects';
}

/** A text that was read as a manifest: the manifest, or in words why it is none. */
export type ParsedManifest =
  | { readonly ok: true; readonly manifest: Manifest; readonly bytes: Buffer }
  | { readonly ok: false; readonly reason: string };

/**
 * Greatest accepted size of a manifest in bytes. A table of the fingerprint or a stored file takes about 200 bytes;
 * 32 MiB hold a database of 100,000 tables and still bound what a stray file can make us read.
 */
export const manifestBytesLimit = 32 * 1024 * 1024;

export const manifests = document<Manifest>({
  name: 'manifest',
  limitBytes: manifestBytesLimit,
  schema: () => import('../language/generated/manifest.validate.ts'),
});

/** A manifest's text as stored. */
export const renderManifest = manifests.render;

/** Reads a manifest's text, as `judgeManifest` does. */
export async function parseManifest(text: string, name: string): Promise<ParsedManifest> {
  return judgeManifest(await manifests.parse(text, manifestKey(name)), name);
}

/**
 * A manifest that was found, held against what a schema cannot say (its name, its time and its files belong together).
 * `name` is the artifact that the key speaks of.
 */
export function judgeManifest(reading: Present<Manifest>, name: string): ParsedManifest {
  if (reading.state === 'damaged')
    return { ok: false, reason: describeDamage(reading.damage, 'its manifest') };
  const reason = contradiction(reading.value, name);
  return reason === undefined
    ? { ok: true, manifest: reading.value, bytes: reading.bytes }
    : { ok: false, reason };
}

function contradiction(manifest: Manifest, name: string): string | undefined {
  if (manifest.name !== name) return `its manifest speaks of ${manifest.name}`;
  const parsed = parseArtifactName(name);
  if (parsed?.database !== manifest.database) {
    return `its manifest names the database ${manifest.database}, its name another`;
  }
  const createdAt = new Date(manifest.createdAt);
  if (Number.isNaN(createdAt.getTime()) || compactTime(createdAt) !== compactTime(parsed.at)) {
    return `its manifest was made at ${manifest.createdAt}, its name says another time`;
  }
  const foreign = manifest.files.find((file) => !file.key.startsWith(`${name}.`));
  if (foreign !== undefined) return `its manifest lists the file ${foreign.key}, which is not its own`;
  if (!manifest.files.some((file) => file.role === 'dump' || file.role === 'rest')) {
    return 'its manifest lists no dump';
  }
  return undefined;
}

import type { Repository } from '../store/repository.ts';
import { parseArtifactKey, parseArtifactName } from './name.ts';

/**
 * Bytes of the newest stored dump of the same database as the artifact `name`: the best guess of what the next one
 * takes. Undefined when there is none. One listing.
 * @throws Failure `repository-*`
 */
export async function previousDumpBytes(
  repository: Repository,
  name: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  const database = parseArtifactName(name)?.database;
  const sizes = new Map<string, number>();
  for await (const { key, bytes } of repository.list(withoutTime(name), signal)) {
    const parsed = parseArtifactKey(key);
    if (parsed === undefined || parseArtifactName(parsed.name)?.database !== database) continue;
    if (!isDumpSuffix(parsed.suffix)) continue;
    sizes.set(parsed.name, (sizes.get(parsed.name) ?? 0) + bytes);
  }
  // Names of one database sort by their time.
  const newest = [...sizes.keys()].sort().at(-1);
  return newest === undefined ? undefined : sizes.get(newest);
}

/** `pg_cleaning_` of `pg_cleaning_20250101T020000Z`. */
function withoutTime(name: string): string {
  return name.slice(0, name.lastIndexOf('_') + 1);
}

function isDumpSuffix(suffix: string): boolean {
  return suffix.startsWith('.dump') && !suffix.endsWith('.sha256');
}

/**
 * The words that repository keys are made of. Keys are flat: `NAME.dump.zst`, `NAME.manifest.json`, and
 * `NAME.dump.d/…` for the directory format, with NAME = `pg_<database>_<YYYYMMDDTHHMMSSZ>`.
 */

/** An artifact's name in its parts. `at` has whole seconds. */
export interface ParsedName {
  readonly database: string;
  readonly at: Date;
}

/** A repository key that belongs to an artifact: the artifact's name and the rest, from its first dot or slash. */
export interface ArtifactKey {
  readonly name: string;
  /** `.dump.zst`, `.manifest.json`, `.dump.d/3021.dat.zst`. */
  readonly suffix: string;
}

const timePattern = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;
const namePattern = /^pg_([A-Za-z0-9._%-]+)_(\d{8}T\d{6}Z)$/;
/** The closed set of what may follow a name: what does not match is nobody's artifact and is never touched. */
const suffixes = [
  String.raw`\.manifest\.json`,
  String.raw`\.verified\.json`,
  String.raw`\.drilled\.json`,
  String.raw`\.RESTORE\.md`,
  String.raw`\.(?:globals|privileges)\.sql(?:\.zst)?(?:\.age)?`,
  String.raw`\.dump(?:\.zst)?(?:\.age)?`,
  String.raw`(?:\.dump(?:\.d)?(?:\.zst)?(?:\.age)?)?\.sha256`,
  String.raw`\.dump\.d/[A-Za-z0-9._-]+`,
];
const keyPattern = new RegExp(String.raw`^(pg_[A-Za-z0-9._%-]+_\d{8}T\d{6}Z)(${suffixes.join('|')})$`);

/** The name of an artifact of `database` whose dump began at `at` (cut to whole seconds, UTC). */
export function artifactName(database: string, at: Date): string {
  return `pg_${encodeDatabase(database)}_${compactTime(at)}`;
}

/** The parts of an artifact's name; undefined when it is no such name. */
export function parseArtifactName(name: string): ParsedName | undefined {
  const match = namePattern.exec(name);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  const database = decodeDatabase(match[1]);
  const at = parseCompactTime(match[2]);
  return database === undefined || at === undefined ? undefined : { database, at };
}

/** The artifact that a repository key belongs to; undefined for keys that are not ours. */
export function parseArtifactKey(key: string): ArtifactKey | undefined {
  const match = keyPattern.exec(key);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return parseArtifactName(match[1]) === undefined ? undefined : { name: match[1], suffix: match[2] };
}

export function manifestKey(name: string): string {
  return `${name}.manifest.json`;
}

export function verificationKey(name: string): string {
  return `${name}.verified.json`;
}

export function drillKey(name: string): string {
  return `${name}.drilled.json`;
}

/** `20250101T020000Z`: ISO 8601 basic format, UTC, whole seconds. */
export function compactTime(at: Date): string {
  return at
    .toISOString()
    .replace(/\.\d{3}Z$/, 'Z')
    .replaceAll(/[-:]/g, '');
}

/** The instant that `compactTime` wrote; undefined for anything else, `20250230T000000Z` included. */
export function parseCompactTime(text: string): Date | undefined {
  const match = timePattern.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match.map(String);
  const at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(at.getTime()) || compactTime(at) !== text ? undefined : at;
}

/** Characters outside `[A-Za-z0-9._-]` as `%XX` of their UTF-8 bytes, so that any database makes a plain file name. */
function encodeDatabase(database: string): string {
  return Array.from(Buffer.from(database, 'utf8'), (byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9._-]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}

function decodeDatabase(text: string): string | undefined {
  try {
    const database = decodeURIComponent(text);
    return encodeDatabase(database) === text ? database : undefined;
  } catch {
    return undefined;
  }
}

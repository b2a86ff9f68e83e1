import { Failure } from '../base/failure.ts';
import { compactTime } from '../artifact/name.ts';

/** What Postgres keeps of a name, bytes. */
const longestName = 63;

/**
 * A new name to restore under: `<database>_restored_<YYYYMMDDTHHMMSS>` (UTC). Of a long name as many characters stay as
 * there is room for. It is never the name of a database in use.
 */
export function restoredName(database: string, now: Date): string {
  const ending = `_restored_${compactTime(now).slice(0, -1)}`;
  return `${cutToBytes(database, longestName - ending.length)}${ending}`;
}

/** Why a text is no database's name; undefined when it is one. */
export function nameMistake(name: string): string | undefined {
  if (name.trim() === '') return 'a database needs a name';
  const bytes = Buffer.byteLength(name);
  if (bytes > longestName) return `Postgres keeps ${longestName} bytes of a name, and this one has ${bytes}`;
  return name.includes('\0') ? 'no name holds a zero byte' : undefined;
}

/** @throws Failure `usage` */
export function checkName(name: string): string {
  const mistake = nameMistake(name);
  if (mistake !== undefined) throw new Failure('usage', `--database '${name}': ${mistake}`);
  return name;
}

function cutToBytes(text: string, bytes: number): string {
  let kept = '';
  for (const character of text) {
    if (Buffer.byteLength(kept + character) > bytes) break;
    kept += character;
  }
  return kept;
}

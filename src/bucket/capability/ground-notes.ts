import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stateFolderFailure } from '../../base/state-folder.ts';
import { groundPrefix } from './ground.ts';

/** Names of the buckets that probes of one store have made and not yet removed, a file each. */
export interface GroundNotes {
  /** @throws Failure `state-folder` */
  begin(name: string): void;
  end(name: string): void;
  /** Those of probes that cannot be at work any more. */
  left(): readonly string[];
}

/** No probe takes as long as this. Milliseconds. */
const longestMs = 10 * 60_000;

/** Notes in a folder of the state folder. */
export function openGroundNotes(folder: string, now: () => Date = () => new Date()): GroundNotes {
  return {
    begin: (name) => {
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        writeFileSync(join(folder, name), '', { mode: 0o600 });
      } catch (error) {
        throw stateFolderFailure(folder, error);
      }
    },
    end: (name) => {
      rmSync(join(folder, name), { force: true });
    },
    left: () =>
      entries(folder).filter((name) => {
        const modifiedMs = statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
        return name.startsWith(groundPrefix) && now().getTime() - modifiedMs > longestMs;
      }),
  };
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

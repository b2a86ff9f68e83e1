import type { Clock } from '../../base/clock.ts';
import type { CommandVariables } from '../../language/command-variables.ts';
import type { Environment } from '../../language/environment/environment.ts';
import type { Bucket } from '../../language/environment/bucket.ts';
import type { Commands } from '../../process/commands.ts';
import type { DumpSelection } from '../../postgres/dump-selection.ts';
import type { Secrets } from '../../language/secret-reference.ts';

/** What plans use of an environment. */
export interface ExaminedEnvironment {
  readonly environment: Environment;
  /** What plans dump of its database, each once, and the role must be able to read; undefined: everything. */
  readonly dumps: readonly (DumpSelection | undefined)[];
  /** Artifacts are written, read back or restored with it. */
  readonly usesArtifacts: boolean;
}

/** Everything that is to be looked at. */
export interface Patient {
  readonly environments: readonly ExaminedEnvironment[];
  readonly buckets: readonly Bucket[];
  /** What plans give their steps' commands by `env:`. */
  readonly steps: readonly { readonly plan: string; readonly step: string; readonly env: CommandVariables }[];
  /** A plan has a schedule, which systemd is to keep. */
  readonly isScheduled: boolean;
}

/** What looking takes. */
export interface Instruments {
  /** The file of settings in use; absent: there is none. */
  readonly settingsFile?: string;
  readonly stateFolder: string;
  readonly secrets: Secrets;
  readonly commands: Commands;
  /** `PATH` of this process. */
  readonly searchPath: string | undefined;
  readonly clock: Clock;
  /** Try out stores and uploads anew; without it everything is only read. */
  readonly fresh: boolean;
}

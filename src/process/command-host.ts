import type { Variables } from './environment.ts';
import type { ProcessGroups } from './process-groups.ts';

/** What commands of one attempt are bound to. */
export interface CommandHost {
  /** Their process groups die when it aborts. Asked anew for each command: the end of an attempt has a signal of its own. */
  readonly signal: () => AbortSignal;
  readonly redact: (text: string) => string;
  readonly groups: ProcessGroups;
  /** The operator's variables, of which programs see what every program may. */
  readonly inherited: Variables;
  /** What every program is given besides. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Working folder unless a command says another. */
  readonly cwd: string;
  /** Something moved: a byte, a line. For the stall timeout. */
  onLife(): void;
  /** A line of the operator's script, redacted. */
  onOutput(stream: 'stdout' | 'stderr', line: string): void;
}

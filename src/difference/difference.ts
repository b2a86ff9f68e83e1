import type { Block } from '../base/terminal/blocks.ts';
import type { ExitCode } from '../base/exit-code.ts';
import type { Failure } from '../base/failure.ts';
import type { CommandHost } from '../task/host.ts';
import type { Pipeline } from '../run/pipeline.ts';
import type { Plans } from '../task/plans.ts';
import type { UnitOptions } from '../place/unit/unit-difference.ts';

/** What a comparison and an application start from. */
export interface DifferenceScope {
  readonly host: CommandHost;
  readonly plans: Plans;
  readonly now: Date;
  /** Whose systemd units are meant: this host's unless said. */
  readonly units: UnitOptions;
}

/** How `apply` was called, and the ways in which it asks and does. */
export interface Applying {
  readonly yes?: string | true | undefined;
  readonly allowWeaker?: true | undefined;
  readonly json?: true | undefined;
  /** A person types the word, or `given` is it. @throws Failure `not-confirmed` */
  readonly confirm: (question: {
    readonly consequence: string;
    readonly word: string;
    readonly given: string | true | undefined;
  }) => Promise<void>;
  /** Runs a pipeline here, with its journal, record and locks. */
  readonly run: (pipeline: Pipeline) => Promise<ExitCode>;
}

/**
 * A kind of thing that the YAML declares and that can be held against what is there: buckets, units, retention. `diff` and
 * `apply` know nothing of a kind but this; a new one is a file in this folder and a line in `kinds.ts`.
 */
export interface DifferenceKind {
  /** A stable word: `--json` carries it. */
  readonly name: string;
  /** Names that an operator may give to `diff` and `apply` for this kind: of plans, of buckets. Pure. */
  names(plans: Plans): readonly string[];
  /** Everything of that name, or everything there is, compared now; changes nothing. */
  compare(scope: DifferenceScope, name: string | undefined): Promise<readonly FoundDifference[]>;
}

/** One thing compared: whether it differs, how that reads, and how to do it. */
export interface FoundDifference {
  /** How many things would change; 0 when it is as declared. */
  readonly changes: number;
  /** Why it could not be compared as a whole: `diff` shows it and fails with it after everything else. */
  readonly failure?: Failure;
  /** For people. Pure. */
  blocks(): readonly Block[];
  /** For `--json`, beside `kind`. Pure. */
  data(): Readonly<Record<string, unknown>>;
  /** Asks for confirmation and does it, with a record. @throws Failure `not-confirmed` and others */
  apply(applying: Applying): Promise<ExitCode>;
}

import { exitCode, type ExitCode } from '../../base/exit-code.ts';
import type { ApplyFlags } from '../differences/difference.ts';
import { compareAll } from '../differences/kinds.ts';
import { print, type CommandHost } from '../../task/host.ts';
import { loadPlans } from '../../task/plans.ts';
import type { UnitOptions } from '../unit-difference.ts';

export interface ApplyOptions extends ApplyFlags, UnitOptions {
  readonly config?: string | undefined;
}

/**
 * Does what `diff` shows, one thing after the other, each after confirmation and with a record. The first that does not
 * succeed ends it.
 */
export async function applyCommand(
  host: CommandHost,
  name: string | undefined,
  options: ApplyOptions,
): Promise<ExitCode> {
  const plans = await loadPlans(host, options.config);
  const scope = { host, plans, now: new Date(), units: options };
  for await (const { difference } of compareAll(scope, name)) {
    if (options.json !== true) print(host, ...difference.blocks());
    if (difference.failure === undefined && difference.changes === 0) continue;
    const code = await difference.apply(options);
    if (code !== exitCode.done) return code;
  }
  return exitCode.done;
}

import { exitCode, type ExitCode } from '../../base/exit-code.ts';
import type { Applying } from '../../difference/difference.ts';
import { compareAll } from '../../difference/kinds.ts';
import type { UnitOptions } from '../../place/unit/unit-difference.ts';
import { print, type CommandHost } from '../../task/host.ts';
import { loadPlans } from '../../task/plans.ts';
import { confirm } from '../confirm.ts';
import { formatOf, runHere } from './run.ts';

export interface ApplyOptions extends Pick<Applying, 'yes' | 'allowWeaker' | 'json'>, UnitOptions {
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
  const applying: Applying = {
    ...options,
    confirm: (question) => confirm(host, question),
    run: (pipeline) => runHere(host, plans, pipeline, formatOf(plans, options)),
  };
  for await (const { difference } of compareAll(scope, name)) {
    if (options.json !== true) print(host, ...difference.blocks());
    if (difference.failure === undefined && difference.changes === 0) continue;
    const code = await difference.apply(applying);
    if (code !== exitCode.done) return code;
  }
  return exitCode.done;
}

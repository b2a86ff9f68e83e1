import { exitCode, type ExitCode } from '../../base/exit-code.ts';
import { compareAll } from '../../difference/kinds.ts';
import { report } from '../exit.ts';
import { print, printJson, type CommandHost } from '../../task/host.ts';
import { loadPlans } from '../../task/plans.ts';
import type { UnitOptions } from '../../place/unit/unit-difference.ts';

export interface DiffOptions extends UnitOptions {
  readonly json?: true | undefined;
  readonly config?: string | undefined;
}

/**
 * Shows what `apply` would do; exits 22 when it would do something. What cannot be compared is told with the rest, and
 * its exit code is then the command's: a watch must not take it for "nothing differs".
 */
export async function diffCommand(
  host: CommandHost,
  name: string | undefined,
  options: DiffOptions,
): Promise<ExitCode> {
  const plans = await loadPlans(host, options.config);
  const scope = { host, plans, now: new Date(), units: options };
  const data: unknown[] = [];
  let code: ExitCode = exitCode.done;
  let failed: ExitCode | undefined;
  let count = 0;
  for await (const { kind, difference } of compareAll(scope, name)) {
    const { changes, failure } = difference;
    if (options.json === true) data.push({ kind, ...difference.data() });
    else print(host, ...(count === 0 ? [] : ['']), ...difference.blocks());
    if (changes > 0) code = exitCode.objectiveMissed;
    if (failure !== undefined) {
      failed ??= failure.exitCode;
      report(failure, host.terminal);
    }
    count += 1;
  }
  if (options.json === true) printJson(host, data);
  else if (count === 0)
    print(host, 'no plan prunes, no bucket is declared, and no unit of systemd is compared here');
  return failed ?? code;
}

import { exitCode, type ExitCode } from '../../exit-code.ts';
import { compareAll } from '../differences/kinds.ts';
import { renderFailure } from '../exit.ts';
import { print, printJson, type CommandHost } from '../host.ts';
import { loadPlans } from '../plans.ts';

export interface DiffOptions {
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
  const scope = { host, plans, now: new Date() };
  const data: unknown[] = [];
  let code: ExitCode = exitCode.done;
  let failed: ExitCode | undefined;
  let count = 0;
  for await (const { kind, difference } of compareAll(scope, name)) {
    const { changes, failure } = difference;
    if (options.json === true) data.push({ kind, ...difference.data() });
    else print(host, `${count === 0 ? '' : '\n'}${difference.render()}`);
    if (changes > 0) code = exitCode.objectiveMissed;
    if (failure !== undefined) {
      failed ??= failure.exitCode;
      host.errorOutput.write(host.redactor.redact(renderFailure(failure)));
    }
    count += 1;
  }
  if (options.json === true) printJson(host, data);
  else if (count === 0) print(host, 'no plan prunes, and no bucket is declared\n');
  return failed ?? code;
}

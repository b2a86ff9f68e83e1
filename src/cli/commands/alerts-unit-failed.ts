import { exitCode, type ExitCode } from '../../base/exit-code.ts';
import { describeFailure } from '../../base/failure.ts';
import { status } from '../../base/terminal/status.ts';
import { createProcessGroups } from '../../process/process-groups.ts';
import { createSecretStore } from '../../process/secrets/secret-store.ts';
import { watchSignals } from '../../run/signals.ts';
import { print, warn, type CommandHost } from '../../task/host.ts';
import { loadPlans } from '../../task/plans.ts';
import { stateFolderOf } from '../../task/state.ts';
import { alertSurroundings } from '../../tell/alert/alert-surroundings.ts';
import { findConcerned } from '../../tell/alert/concerned.ts';
import { tellFailedUnit } from '../../tell/alert/unit-failed.ts';
import { exit } from '../exit.ts';

export interface UnitFailedOptions {
  readonly config?: string | undefined;
}

/** Tells that a plan's unit failed: the alert of its `OnFailure`. */
export async function unitFailedCommand(
  host: CommandHost,
  plan: string,
  options: UnitFailedOptions,
): Promise<ExitCode> {
  const loaded = await loadPlans(host, options.config).catch(
    (error: unknown) => describeFailure(error).message,
  );
  const plans = typeof loaded === 'string' ? undefined : loaded;
  const secrets =
    plans?.secrets ?? createSecretStore({ environment: host.environmentVariables, redactor: host.redactor });
  const stateFolder = stateFolderOf(plans?.settings ?? {}, host.environmentVariables);
  const groups = createProcessGroups();
  const signals = watchSignals((code) => {
    groups.killAll();
    void exit(code);
  });
  try {
    const { told, reason, damage } = await tellFailedUnit(
      plan,
      (state) => findConcerned({ host, plan, loaded, secrets, stateFolder }, state),
      { ...alertSurroundings(host, secrets, groups), stateFolder },
      signals.cancel,
    );
    if (damage !== undefined) warn(host, `${damage}: what it knew may be told again`);
    if (reason !== undefined) print(host, `${plan}: ${reason}`);
    for (const { channel, event, outcome, text } of told)
      print(host, [`${channel} (${event}) `, status(outcome), `: ${text}`]);
    return told.some(({ outcome }) => outcome === 'undelivered') ? exitCode.alertFailed : exitCode.done;
  } finally {
    signals.stop();
  }
}

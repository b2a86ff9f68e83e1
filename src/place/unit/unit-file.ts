/** A file or link that belongs into the folder of units. */
export type UnitFile = {
  /** Below the folder of units, as `run-plan@nightly.timer` or `timers.target.wants/run-plan@nightly.timer`. */
  readonly path: string;
  /** Absent: it serves every plan. */
  readonly plan?: string;
} & ({ readonly kind: 'text'; readonly text: string } | { readonly kind: 'link'; readonly target: string });

/** The unit that runs a plan; the timer of the same name starts it. Plans' names need no escaping. */
export function serviceName(plan: string): string {
  return `run-plan@${plan}.service`;
}

export function timerName(plan: string): string {
  return `run-plan@${plan}.timer`;
}

/** Started by systemd when a run's unit fails. */
export function alertName(plan: string): string {
  return `run-plan-alert@${plan}.service`;
}

/** The link that makes systemd start a timer at boot, as `systemctl enable` lays it. */
export function enablingLink(plan: string): string {
  return `timers.target.wants/${timerName(plan)}`;
}

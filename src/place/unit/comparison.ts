import { defined } from '../../base/defined.ts';
import type { InstalledUnit } from './installed-units.ts';
import { readMark, unmarked } from './mark.ts';
import type { UnitState } from './systemctl.ts';
import { timerName, type UnitFile } from './unit-file.ts';

/** One thing that is not as the plans say. */
export interface UnitChange {
  /** `start`: the files are right and systemd does not act on them yet. */
  readonly action: 'install' | 'change' | 'remove' | 'start';
  readonly path: string;
  readonly plan?: string;
  /** Lines that differ, `- ` before those that are installed and `+ ` before those that should be. */
  readonly lines: readonly string[];
  /** Somebody else wrote what is there: it is replaced only when that is confirmed. */
  readonly isForeign: boolean;
  /** In words, for people. */
  readonly reason: string;
}

export interface Comparison {
  readonly wanted: readonly UnitFile[];
  readonly installed: ReadonlyMap<string, InstalledUnit>;
  /** Plans whose units are to stay as they are: they cannot be read now, or the operator asked about others. */
  readonly untouched: (plan: string | undefined) => boolean;
  /** What systemd says of units by name; absent where it does not run. */
  readonly states?: ReadonlyMap<string, UnitState>;
}

/** Everything to do so that the installed units are those of the plans, in the order in which it is done. Pure. */
export function compareUnits(comparison: Comparison): readonly UnitChange[] {
  const { wanted, installed } = comparison;
  const paths = new Set(wanted.map(({ path }) => path));
  const files = wanted.flatMap((unit) => compareUnit(unit, installed.get(unit.path)));
  const changed = new Set(files.map(({ path }) => path));
  return [
    ...[...installed.values()]
      .filter(({ path }) => !paths.has(path))
      .flatMap((unit) => orphan(unit, comparison)),
    ...files,
    ...wanted
      .filter(({ path, plan }) => plan !== undefined && path === timerName(plan) && !changed.has(path))
      .flatMap((unit) => asleep(unit, comparison)),
  ];
}

function compareUnit(wanted: UnitFile, found: InstalledUnit | undefined): readonly UnitChange[] {
  const about = { path: wanted.path, ...defined({ plan: wanted.plan }) };
  if (found === undefined) {
    const reason = wanted.kind === 'link' ? 'the timer is not enabled' : 'it is missing';
    return [{ ...about, action: 'install', lines: [], isForeign: false, reason }];
  }
  if (wanted.kind === 'link') {
    if (found.kind === 'link' && leadsTo(found.target, wanted.target)) return [];
    return [
      {
        ...about,
        action: 'change',
        lines: [],
        isForeign: found.kind !== 'link',
        reason: 'it leads elsewhere',
      },
    ];
  }
  if (found.kind === 'link') {
    const reason =
      found.target === '/dev/null' ? 'somebody has masked it' : 'somebody has put a link in its place';
    return [{ ...about, action: 'change', lines: [], isForeign: true, reason }];
  }
  if (found.text === wanted.text) return [];
  const mark = readMark(found.text);
  const lines = differingLines(unmarked(found.text), unmarked(wanted.text));
  const isForeign = mark === undefined || mark.isEdited;
  const ownReason = lines.length === 0 ? "only the plan's hash differs" : 'it differs';
  const reason =
    mark === undefined ? 'run-plan did not write it' : mark.isEdited ? 'somebody has edited it' : ownReason;
  return [{ ...about, action: 'change', lines, isForeign, reason }];
}

/** `systemctl enable` writes the whole path, and some people a relative one. */
function leadsTo(target: string, wanted: string): boolean {
  return target === wanted || target === `../${wanted.slice(wanted.lastIndexOf('/') + 1)}`;
}

/** A unit of a plan that has no timer any more. Only what bears our mark, and links to that, is ever removed. */
function orphan(unit: InstalledUnit, { untouched, installed }: Comparison): readonly UnitChange[] {
  const marked = unit.kind === 'text' ? unit : installed.get(unit.path.split('/').at(-1) ?? '');
  const mark = marked?.kind === 'text' ? readMark(marked.text) : undefined;
  const isDangling =
    unit.kind === 'link' && marked === undefined && unit.path.startsWith('timers.target.wants/');
  if ((mark === undefined && !isDangling) || unit.path.includes('..')) return [];
  const plan = mark?.plan ?? /@(?<plan>[a-z\d-]+)\./.exec(unit.path)?.groups?.['plan'];
  if (untouched(plan)) return [];
  return [
    {
      action: 'remove',
      path: unit.path,
      ...defined({ plan }),
      lines: [],
      isForeign: mark?.isEdited === true,
      reason: plan === undefined ? 'no plan has a schedule' : `no plan '${plan}' has a schedule`,
    },
  ];
}

/** A timer whose files are right and that systemd has not loaded, loaded in an older form, or does not run. */
function asleep({ path, plan }: UnitFile, { states }: Comparison): readonly UnitChange[] {
  const state = states?.get(path);
  const service = states?.get(path.replace(/\.timer$/, '.service'));
  if (states === undefined) return [];
  const isActive = state?.active === 'active';
  const needsReload = state?.needsReload === true || service?.needsReload === true;
  if (isActive && !needsReload) return [];
  const reason = isActive ? 'systemd has not read its newest text' : 'the timer does not run';
  return [{ action: 'start', path, ...defined({ plan }), lines: [], isForeign: false, reason }];
}

function differingLines(old: string, wanted: string): readonly string[] {
  const [before, after] = [old.split('\n'), wanted.split('\n')];
  return [
    ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
  ];
}

import { defined } from '../../base/defined.ts';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { Failure } from '../../base/failure.ts';
import type { Problem } from '../problem.ts';
import { parseDuration } from '../../base/quantity/duration.ts';
import { zoneMistake } from '../schedule/zone.ts';
import { defaults } from '../generated/settings.defaults.ts';
import type { WrittenSettings } from '../generated/settings.types.ts';
import { validate } from '../generated/settings.validate.ts';
import { checkShape, type EnvironmentVariables } from '../yaml/shape.ts';
import { readSource } from '../yaml/source.ts';
import { readYaml, type YamlDocument } from '../yaml/yaml-document.ts';
import type { Settings } from './settings.ts';
import { requireOwnFile } from './trust.ts';

export interface LoadedSettings {
  readonly settings: Settings;
  /** The operator named the file (`--config`, `RUN_PLAN_CONFIG`) and so vouches for it and what it names. */
  readonly isNamed: boolean;
  readonly problems: readonly Problem[];
  /** Text of the file by its shown path, for code frames. */
  readonly sources: ReadonlyMap<string, string>;
}

/** What a file of settings may be called, in each folder that is searched. */
export const settingsFiles = [
  'run-plan.yaml',
  'run-plan.yml',
  '.run-planrc.yaml',
  '.run-planrc.yml',
  '.config/run-plan.yaml',
];

/**
 * Finds and reads the settings; without a file everything is as it is by itself, relative to the working folder.
 * @param explicit a file that the operator named; without one `RUN_PLAN_CONFIG` may name it
 * @throws Failure `usage` when that file does not exist, `variable-missing`, `not-trusted` for one that was found and that
 *   others may write
 */
export async function loadSettings(
  workingFolder: string,
  variables: EnvironmentVariables,
  explicit?: string,
): Promise<LoadedSettings> {
  const variable = variables['RUN_PLAN_CONFIG'];
  const named = explicit ?? (variable === '' ? undefined : variable);
  const isNamed = named !== undefined;
  const path = isNamed ? resolve(workingFolder, named) : await findSettings(workingFolder, variables);
  if (path === undefined)
    return { settings: normalise({}, workingFolder), isNamed, problems: [], sources: new Map() };
  if (!isNamed) requireOwnFile(path);
  const shown = relative(workingFolder, path);
  const { source, problem } = await readSource(path, shown);
  if (source === undefined) {
    if (isNamed && problem.rule === 'unreadable-file')
      throw new Failure('usage', `${shown}: ${problem.message}`);
    return {
      settings: normalise({}, dirname(path)),
      isNamed,
      problems: [problem],
      sources: new Map([[shown, '']]),
    };
  }
  const sources = new Map([[shown, source.text]]);
  const { document, problems } = readYaml(source);
  if (document === undefined) return { settings: normalise({}, dirname(path)), isNamed, problems, sources };
  const shape = checkShape(document, document.value, validate, { variables });
  const [missing] = shape.missing;
  if (missing !== undefined) {
    throw new Failure('variable-missing', `the variable ${missing.variable} is not set`, {
      where: missing.position,
    });
  }
  const written = shape.value as WrittenSettings;
  return {
    settings: { file: path, ...normalise(written, dirname(path)) },
    isNamed,
    problems: [...shape.problems, ...badZone(written, document)],
    sources,
  };
}

/**
 * The file that is in use: in the working folder and those above it, up to the root of its git repository or the user's
 * home and never above; then in the user's and the host's folder of settings. cosmiconfig finds it; it is read like every
 * other file here, with the same problems. At once, not by Node's threads: twenty files are asked for, and few are there.
 */
async function findSettings(
  workingFolder: string,
  variables: EnvironmentVariables,
): Promise<string | undefined> {
  const { cosmiconfigSync } = await import('cosmiconfig');
  const loader = (): object => ({});
  const explorer = cosmiconfigSync('run-plan', {
    searchPlaces: [...settingsFiles],
    searchStrategy: 'none',
    loaders: { '.yaml': loader, '.yml': loader },
  });
  for (const folder of searchedFolders(workingFolder, variables)) {
    const odd = unreadable(folder);
    if (odd !== undefined) return odd;
    const found = explorer.search(folder);
    if (found !== null) return found.filepath;
  }
  return undefined;
}

/**
 * What stands where the settings of a folder would and cannot be looked at, or would be read for ever: the reader of plans
 * says so, because nobody knows what it holds.
 */
function unreadable(folder: string): string | undefined {
  for (const name of settingsFiles) {
    const path = join(folder, name);
    try {
      const found = statSync(path, { throwIfNoEntry: false });
      if (found?.isFile() === true) return undefined;
      if (found !== undefined && !found.isDirectory()) return path;
    } catch {
      return path;
    }
  }
  return undefined;
}

/** In the order in which they are searched. */
function searchedFolders(workingFolder: string, variables: EnvironmentVariables): readonly string[] {
  const { HOME: said = '' } = variables;
  const home = resolve(said === '' ? homedir() : said);
  const xdg = variables['XDG_CONFIG_HOME'] ?? '';
  const configFolder = xdg === '' ? join(home, '.config') : xdg;
  return [...upwards(workingFolder, home), join(configFolder, 'run-plan'), '/etc/run-plan'];
}

/** A working folder that is in no repository and not below home stands alone: what is above it is anybody's. */
function upwards(workingFolder: string, home: string): readonly string[] {
  const folders: string[] = [];
  for (let folder = workingFolder; ; folder = dirname(folder)) {
    folders.push(folder);
    if (real(folder) === real(home) || existsSync(join(folder, '.git'))) return folders;
    if (dirname(folder) === folder) return [workingFolder];
  }
}

/** Where symbolic links lead; a path that does not exist is itself. */
function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function normalise(written: WrittenSettings, folder: string): Settings {
  const { defaults: ofPlans = {} } = written;
  const timeoutMs = duration(ofPlans.timeout);
  const stepTimeoutMs = duration(ofPlans['step-timeout']);
  const stallTimeoutMs = duration(ofPlans['stall-timeout']);
  return {
    plansFolder: resolve(folder, written.plans ?? defaults.plans),
    taskFolders: (written.tasks ?? defaults.tasks).map((path) => resolve(folder, path)),
    ...(written.state !== undefined && { stateFolder: resolve(folder, written.state) }),
    logFormat: written['log-format'] ?? defaults['log-format'],
    ...(written.metrics !== undefined && { metricsFolder: resolve(folder, written.metrics.folder) }),
    defaults: {
      ...defined({ timeoutMs, stepTimeoutMs, stallTimeoutMs }),
      timeZone: ofPlans['time-zone'] ?? defaults.defaults['time-zone'],
    },
  };
}

function duration(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDuration(text);
}

function badZone(written: WrittenSettings, document: YamlDocument): readonly Problem[] {
  const zone = written.defaults?.['time-zone'];
  const message = zone === undefined ? undefined : zoneMistake(zone);
  if (message === undefined) return [];
  const place = document.placeOf(['defaults', 'time-zone']);
  return [{ file: document.file, ...place, severity: 'error', rule: 'bad-time-zone', message }];
}

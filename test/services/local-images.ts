import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { hasImage, openEngine, pullImage } from './engine.ts';

/** What an image of these tests is built from. */
export interface Recipe {
  /** `images/Containerfile.NAME`. */
  readonly name: 'postgres' | 'ceph';
  /** The release of Debian whose packages are in it. */
  readonly suite: string;
  /** Begins the tag, for people. */
  readonly version: string;
  readonly arguments: Readonly<Record<string, string>>;
  /** What the Containerfile copies, beside this module. */
  readonly files: readonly string[];
}

/** Takes one line of what a long step is doing. */
export type Say = (line: string) => void;

interface EngineLine {
  readonly stream?: string;
  readonly error?: string;
}

const folder = fileURLToPath(new URL('.', import.meta.url));
const baseScript = 'images/debian-base.sh';
/** Lines between the headings of a long step are told this far apart, milliseconds. */
const tellEveryMs = 5_000;
const toldLength = 100;

/** The name of what the recipe makes today: another content is another tag, so an image that is there is the right one. */
export async function localImageName(recipe: Recipe): Promise<string> {
  const { name, suite, version } = recipe;
  const hash = createHash('sha256').update(JSON.stringify(recipe));
  for (const file of [containerfile(recipe), ...recipe.files, baseScript])
    hash.update(await readFile(join(folder, file)));
  return `run-plan-test-${name}:${version}-${suite}-${hash.digest('hex').slice(0, 12)}`;
}

/** Builds it, upon Debian's public image where that can be pulled, else upon a base made here. @throws Error with the last words */
export async function buildLocalImage(recipe: Recipe, say: Say): Promise<void> {
  const name = await localImageName(recipe);
  const base = await haveBase(recipe.suite, say);
  const { dockerode } = (await openEngine()).container;
  say(`building the image ${name}, about half a minute`);
  const stream = await dockerode.buildImage(
    { context: folder, src: [containerfile(recipe), ...recipe.files] },
    {
      t: name,
      dockerfile: containerfile(recipe),
      buildargs: { BASE: base, ...recipe.arguments },
      // A mirror, or the proxy before it, may be this host.
      networkmode: 'host',
      forcerm: true,
    },
  );
  await follow(stream, (line) => line.startsWith('Step '), say);
}

async function haveBase(suite: string, say: Say): Promise<string> {
  const publicName = `debian:${suite}-slim`;
  if (await hasImage(publicName)) return publicName;
  const script = await readFile(join(folder, baseScript));
  const tag = `${suite}-${createHash('sha256').update(script).digest('hex').slice(0, 12)}`;
  const name = `run-plan-test-debian:${tag}`;
  if (await hasImage(name)) return name;
  say(`pulling the image ${publicName}`);
  const problem = await pullImage(publicName);
  if (problem === undefined) return publicName;
  say(`it cannot be pulled (${problem})`);
  say(`making the image ${name} with debootstrap, about a minute`);
  const scratch = await mkdtemp(join(tmpdir(), 'run-plan-image-'));
  try {
    const archive = join(scratch, 'debian.tar');
    await runScript(baseScript, [suite, archive], say);
    const { dockerode } = (await openEngine()).container;
    await follow(
      await dockerode.importImage(archive, { repo: 'run-plan-test-debian', tag }),
      () => false,
      say,
    );
  } finally {
    await rm(scratch, { recursive: true });
  }
  return name;
}

function containerfile({ name }: Recipe): string {
  return `images/Containerfile.${name}`;
}

async function runScript(script: string, words: readonly string[], say: Say): Promise<void> {
  const child = spawn('bash', [join(folder, script), ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(child, 'exit');
  const last = await tell(
    child.stderr,
    (line) => line,
    () => false,
    say,
  );
  const [code] = (await exited) as [number | null];
  if (code !== 0) throw new Error(`${script} failed: ${last}`);
}

/** Follows what the engine says of a build or an import, which ends well or with an error among its lines. */
async function follow(
  stream: NodeJS.ReadableStream,
  isHeading: (line: string) => boolean,
  say: Say,
): Promise<void> {
  let failed: string | undefined;
  const textOf = (line: string): string => {
    const { stream: text = '', error } = JSON.parse(line) as EngineLine;
    failed ??= error;
    // The engine passes on what a program wrote at once, which may be several lines.
    return (
      text
        .trim()
        .split(/\s*[\r\n]+/)
        .at(-1) ?? ''
    );
  };
  const last = await tell(stream, textOf, isHeading, say);
  if (failed !== undefined) throw new Error(`${failed}; before that: ${last}`);
}

/** Tells headings, and of what comes between a line now and then. @returns the last lines */
async function tell(
  stream: NodeJS.ReadableStream,
  textOf: (line: string) => string,
  isHeading: (line: string) => boolean,
  say: Say,
): Promise<string> {
  let last: string[] = [];
  let toldAt = performance.now();
  for await (const line of createInterface({ input: stream })) {
    const text = textOf(line);
    if (text === '') continue;
    last = [...last, text].slice(-10);
    if (!isHeading(text) && performance.now() - toldAt < tellEveryMs) continue;
    say(`  ${text.slice(0, toldLength)}`);
    toldAt = performance.now();
  }
  return last.join('\n');
}

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const script = fileURLToPath(new URL('systemd-up.sh', import.meta.url));
const checkout = fileURLToPath(new URL('../..', import.meta.url));
/** A first answer, and one command, may take this long on a loaded machine, milliseconds. */
const limitMs = 60_000;

/** What one command inside left behind. */
export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A real systemd, first process of its own namespaces; it ends with this process, also when that is killed. */
export interface RunningSystemd {
  /** Where the checkout and the workspace are inside. */
  readonly checkout: string;
  readonly workspace: string;
  /** Runs a program beside it, as root, in the workspace. */
  run(program: string, words: readonly string[]): Promise<Answer>;
  /** Runs systemctl; an exit other than 0 is an error. */
  systemctl(...words: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

/** Boots it (about a second). Needs root and Linux. @param workspace a folder that becomes the one of its user `run-plan` */
export async function startSystemd(workspace: string): Promise<RunningSystemd> {
  const guard = spawn('bash', [script, checkout, workspace], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  guard.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000);
  });
  const ended = once(guard, 'close');
  const stop = async (): Promise<void> => {
    guard.stdin.end();
    await ended;
  };
  const [line] = (await Promise.race([
    once(createInterface({ input: guard.stdout }), 'line'),
    ended.then(() => ['']),
  ])) as string[];
  const first = (line ?? '').trim();
  if (!/^\d+$/.test(first)) {
    await stop();
    throw new Error(`systemd did not start: ${said}`);
  }
  const run: RunningSystemd['run'] = (program, words) =>
    new Promise((resolve) => {
      const inside = [
        '-t',
        first,
        '-m',
        '-p',
        '-u',
        '-i',
        '-C',
        'sh',
        '-c',
        'cd /srv/cleaning && exec "$@"',
        'sh',
        program,
        ...words,
      ];
      execFile('nsenter', inside, { timeout: limitMs, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ code, stdout, stderr });
      });
    });
  const systemctl: RunningSystemd['systemctl'] = async (...words) => {
    const { code, stdout, stderr } = await run('systemctl', ['--no-pager', ...words]);
    if (code !== 0) throw new Error(`systemctl ${words.join(' ')}: exit ${String(code)}: ${stdout}${stderr}`);
    return stdout;
  };
  const limit = performance.now() + limitMs;
  while (!/^(running|degraded)/.test((await run('systemctl', ['is-system-running'])).stdout)) {
    if (performance.now() < limit && guard.exitCode === null) {
      await delay(50);
      continue;
    }
    await stop();
    throw new Error(`systemd did not come up: ${said}`);
  }
  return { checkout: '/srv/run-plan', workspace: '/srv/cleaning', run, systemctl, stop };
}

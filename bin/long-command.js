/**
 * Commands that take long, run so that nobody wonders what goes on: each is named when it starts, says how far it is while
 * it runs, and how long it took. On a terminal that is one line that changes, elsewhere a line every few seconds.
 *
 * Plain JavaScript for Node 18 and later without a dependency, because setup.js needs it before anything is installed.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const keptLines = 1000;
const running = new Set();
let lineIsOpen = false;
let interruption;

// Whoever runs commands ends when they have ended, and then cleans up: the default would end this process first.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    interruption ??= signal;
    for (const interrupt of running) interrupt(signal);
  });
}

/** The exit code that the first signal asks for, 130 after SIGINT; undefined while there was none. */
export function interruptedExitCode() {
  return interruption === undefined ? undefined : 128 + constants.signals[interruption];
}

/** Says a line, or several. */
export function tell(who, text) {
  process.stderr.write(`${lineIsOpen ? '\r\x1b[2K' : ''}${who}: ${text}\n`);
  lineIsOpen = false;
}

/** Says a line that the next one replaces; for terminals. */
function tellForNow(who, text) {
  const width = (process.stderr.columns || 80) - 1;
  process.stderr.write(`\r\x1b[2K${`${who}: ${text}`.slice(0, width)}`);
  lineIsOpen = true;
}

export function duration(milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 120 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/**
 * Runs a command and tells of it.
 *
 * `progressOf` gets each line of its output (and of descriptor 3 with `hasStatus`) and returns how far it is, `kind` (a
 * change of it is told at once) and `text`, or undefined for a line that is no progress; those are kept.
 *
 * @returns `ok`, and `said`: the last lines that were no progress
 */
export async function runLong(who, title, command, options = {}) {
  const { progressOf = () => undefined, everyMs = 5_000 } = options;
  if (interruption !== undefined) return { ok: false, said: [] };
  tell(who, title);
  const isTerminal = process.stderr.isTTY === true;
  const startedAt = performance.now();
  let progress = { kind: '', text: 'no word from it yet' };
  let toldAt = startedAt;
  const tellProgress = () => {
    toldAt = performance.now();
    const ending = interruption === undefined ? '' : `${interruption}, ending: `;
    (isTerminal ? tellForNow : tell)(who, `  ${ending}${progress.text}, ${duration(toldAt - startedAt)}`);
  };
  const timer = setInterval(
    () => (isTerminal || performance.now() - toldAt >= everyMs) && tellProgress(),
    isTerminal ? 200 : everyMs / 5,
  );
  const lines = [];
  const onLine = (line) => {
    const now = progressOf(line);
    if (now === undefined) {
      lines.push(line);
      if (lines.length > keptLines) lines.shift();
      return;
    }
    const isNew = now.kind !== progress.kind;
    progress = now;
    if (isNew) tellProgress();
  };
  const problem = await run(command, { ...options, onLine });
  clearInterval(timer);
  const took = duration(performance.now() - startedAt);
  tell(who, problem === undefined ? `  done in ${took}` : `  ${problem} after ${took}`);
  return { ok: problem === undefined, said: lines };
}

/**
 * Runs a command to its end, in a process group of its own: what a terminal or anybody else signals reaches it once, by way
 * of this process. `interruptWith` is the signal that it is sent instead.
 *
 * @returns undefined when it exits with 0, otherwise what became of it
 */
export function run([program, ...words], { cwd, env, hasStatus = false, interruptWith, onLine }) {
  return new Promise((resolve) => {
    const pipes = ['pipe', 'pipe', ...(hasStatus ? ['pipe'] : [])];
    const child = spawn(program, words, { cwd, env, detached: true, stdio: ['ignore', ...pipes] });
    const interrupt = (signal) => child.kill(interruptWith ?? signal);
    running.add(interrupt);
    for (const stream of child.stdio.slice(1)) eachLine(stream, onLine);
    const end = (problem) => {
      running.delete(interrupt);
      resolve(problem);
    };
    child.on('error', (error) => end(`could not be started (${error.message})`));
    child.on('close', (code, signal) => {
      if (interruption !== undefined) end(`interrupted by ${interruption}`);
      else if (signal !== null) end(`was killed by ${signal}`);
      else end(code === 0 ? undefined : `failed with exit ${code}`);
    });
  });
}

function eachLine(stream, onLine) {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text) => {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop();
    lines.forEach(onLine);
  });
  stream.on('end', () => rest !== '' && onLine(rest));
}

import type { ListrTask } from 'listr2';
import type { Phase } from '../../language/plan/plan.ts';
import type { EventSink, RunEvent, RunStarted } from '../record/event.ts';
import { openConsole } from '../../base/terminal/console.ts';
import type { Terminal } from '../../base/terminal/terminal.ts';
import { printedLine } from '../../base/terminal/visible.ts';
import { renderProgress } from './progress.ts';
import { stateEvent } from './statement.ts';
import { createTerminalTask, type TerminalTask } from './terminal-task.ts';

const phaseTitles: Readonly<Record<Phase, string>> = {
  prepare: 'Prepare',
  steps: 'Steps',
  cleanup: 'Clean up',
};

/**
 * The tree on a terminal, drawn by listr2: phases and steps with progress, speed and time left, warnings, retries and
 * ends. listr2 is loaded here and owns nothing: no order, no signals, no exit.
 */
export async function createTerminalView({
  output: { stream },
  errorOutput,
}: Pick<Terminal, 'output' | 'errorOutput'>): Promise<EventSink> {
  const listr = await import('listr2');
  const output = openConsole(stream);
  let tasks = new Map<string, TerminalTask>();
  let drawing: Promise<unknown> | undefined;
  let current: TerminalTask | undefined;
  let restore = (): void => undefined;

  const start = (event: RunStarted): void => {
    tasks = new Map(event.steps.map(({ id, name }) => [id, createTerminalTask(printedLine(name))]));
    [current] = tasks.values();
    output.write(`${printedLine(`${event.plan} on ${event.environment}, run ${event.runId}`)}\n`);
    // What else is written while the tree is drawn waits until it is done, or it would be drawn over.
    const processOutput = new listr.ProcessOutput(stream, errorOutput.stream);
    const logger = new listr.ListrLogger({ useIcons: true, toStderr: [], processOutput });
    // A second signal ends the process in the midst of it: the cursor and what waited must come back.
    restore = () => {
      processOutput.release();
    };
    process.once('exit', restore);
    const tree = new listr.Listr(treeOf(event, tasks), {
      concurrent: false,
      exitOnError: false,
      registerSignalListeners: false,
      fallbackRendererCondition: false,
      renderer: 'default',
      rendererOptions: {
        logger,
        collapseErrors: false,
        collapseSubtasks: false,
        showErrorMessage: false,
        icon: { [listr.ListrDefaultRendererLogLevels.COMPLETED_WITH_FAILED_SUBTASKS]: listr.figures.cross },
        color: { [listr.ListrDefaultRendererLogLevels.COMPLETED_WITH_FAILED_SUBTASKS]: listr.color['red'] },
      },
    });
    drawing = tree.run().catch(() => undefined);
  };

  return {
    handle: (event) => {
      if (event.type === 'run-started') {
        start(event);
        return;
      }
      if ('step' in event && event.type !== 'run-interrupted-found') {
        const task = tasks.get(event.step);
        if (task === undefined) return;
        current = task;
        showStep(event, task);
        return;
      }
      if (event.type === 'run-finished') return;
      // The run has no line of its own in the tree: its warnings stand at the step that they came with.
      const { text } = stateEvent(event);
      if (current !== undefined) current.warn(text);
      else output.write(`warning: ${printedLine(text)}\n`);
    },
    close: async () => {
      for (const task of tasks.values()) task.giveUp();
      await drawing;
      process.off('exit', restore);
      await output.flush();
    },
  };
}

type StepEvent = Exclude<
  Extract<RunEvent, { readonly step: string }>,
  { readonly type: 'run-interrupted-found' }
>;

function showStep(event: StepEvent, task: TerminalTask): void {
  switch (event.type) {
    case 'step-started':
      if (event.attempt > 1) task.say(stateEvent(event).text);
      return;
    case 'step-progress':
      task.say(renderProgress(event));
      return;
    case 'step-phase':
      task.say(event.text);
      return;
    case 'step-output':
      task.say(event.line);
      return;
    case 'step-note':
      if (event.level === 'warning') task.warn(event.text);
      return;
    case 'step-retried':
      task.warn(stateEvent(event).text);
      return;
    case 'step-finished':
      task.finish(event);
      return;
  }
}

/** Phases with their steps below; a plan of steps alone needs no level of its own for them. */
function treeOf({ steps }: RunStarted, tasks: ReadonlyMap<string, TerminalTask>): ListrTask[] {
  const phases = (['prepare', 'steps', 'cleanup'] as const)
    .map((phase) => ({ phase, steps: steps.filter((step) => step.phase === phase) }))
    .filter((group) => group.steps.length > 0);
  const leaves = (group: RunStarted['steps']): ListrTask[] =>
    group.map(({ id, name }) => ({
      title: printedLine(name),
      task: (_, wrapper) => tasks.get(id)?.show(wrapper),
      rendererOptions: { persistentOutput: true, outputBar: 1 },
    }));
  const [only] = phases;
  if (phases.length === 1 && only?.phase === 'steps') return leaves(only.steps);
  return phases.map((group) => ({
    title: phaseTitles[group.phase],
    task: (_, wrapper) => wrapper.newListr(leaves(group.steps), { concurrent: false, exitOnError: false }),
  }));
}

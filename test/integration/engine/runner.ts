/** `runSteps` as a process, whose standard output is the events: `node runner.ts STATE STEPS-AS-JSON`. */
import process from 'node:process';
import { runSteps, type WantedStep } from './run-steps.ts';

const [stateFolder = '', steps = '[]'] = process.argv.slice(2);
process.exitCode = await runSteps(stateFolder, JSON.parse(steps) as WantedStep[], {
  onEvent: (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
  exit: (code) => process.exit(code),
  reportBug: (stack) => process.stderr.write(stack),
});

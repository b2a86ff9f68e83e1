import { runDemo } from '../../demo/demo.ts';
import type { ExitCode } from '../../exit-code.ts';
import { Failure } from '../../failure.ts';
import { parseSize, sizeExample } from '../../quantity/size.ts';
import type { CommandHost } from '../host.ts';

export interface DemoCommandOptions {
  readonly size: string;
  readonly keep?: true;
}

/** `run-plan demo`: a backup from start to end on sample data, by starting this program again for each command. */
export async function demoCommand(host: CommandHost, options: DemoCommandOptions): Promise<ExitCode> {
  const bytes = parseSize(options.size);
  if (bytes === undefined || bytes === 0) {
    throw new Failure('usage', `--size ${options.size} is not a size`, {
      hint: `for example ${sizeExample}`,
    });
  }
  const script = process.argv[1];
  if (script === undefined) throw new Error('started without a script');
  return runDemo({
    bytes,
    keep: options.keep === true,
    waits: host.output.isTTY,
    output: host.output,
    launcher: [process.execPath, script],
  });
}

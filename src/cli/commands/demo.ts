import { Failure } from '../../base/failure.ts';
import type { ExitCode } from '../../base/exit-code.ts';
import { parseSize } from '../../base/quantity/size.ts';
import type { CommandHost } from '../../task/host.ts';

export interface DemoCommandOptions {
  readonly size: string;
  readonly keep?: true | undefined;
}

/** Runs the demo. @throws Failure `usage` for a size that is none */
export async function demoCommand(host: CommandHost, options: DemoCommandOptions): Promise<ExitCode> {
  const bytes = parseSize(options.size);
  if (bytes === undefined) {
    throw new Failure('usage', `--size ${options.size} is no size`, { hint: 'for example --size 300MB' });
  }
  const { runDemo } = await import('../../demo/demo.ts');
  return runDemo({
    bytes,
    keep: options.keep === true,
    waits: host.input.isTTY,
    terminal: host.terminal,
    launcher: [process.execPath, process.argv[1] ?? ''],
  });
}

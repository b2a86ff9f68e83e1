import type { Stage } from './commands.ts';

/** Descriptor on which bash says the exit status of every stage. */
export const statusDescriptor = 3;

/** Descriptor of a stage's standard error, counted from 0. */
export function errorDescriptor(stage: number): number {
  return statusDescriptor + 1 + stage;
}

/** A pipe as bash gets it: a script without any value in it, the values as arguments and environment. */
export interface PipeScript {
  readonly script: string;
  /** `$1…`: every stage's program and arguments, one after the other. */
  readonly positional: readonly string[];
  /** Stage environments under names of our own, so that a value reaches its stage alone and never an argv. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * The bash script that joins the stages by operating system pipes. It writes `index status` to descriptor 3 as each stage
 * ends, and `PIPESTATUS` at last. A stage's subshell holds both ends of its pipes until it has said so: whoever is ended by
 * another's end is told after it. A stage has none of our other descriptors.
 */
export function buildPipeScript(stages: readonly Stage[]): PipeScript {
  const ours = [statusDescriptor, ...stages.map((_, index) => errorDescriptor(index))];
  const closing = ours.map((descriptor) => `${String(descriptor)}>&-`).join(' ');
  const positional: string[] = [];
  const environment: Record<string, string> = {};
  const take = (...words: readonly string[]): string => {
    const slice = `"\${@:${String(positional.length + 1)}:${String(words.length)}}"`;
    positional.push(...words);
    return slice;
  };
  const subshells = stages.map((stage, index) => {
    const exports = Object.entries(stage.environment ?? {}).map(([name, value], position) => {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new TypeError(`not a variable's name: ${name}`);
      const carrier = `RUN_PLAN_STAGE_${String(index)}_${String(position)}`;
      environment[carrier] = value;
      return `export ${name}="$${carrier}"; `;
    });
    const output = stage.output === undefined ? '' : ` >${take(stage.output)}`;
    const program = take(stage.program, ...stage.arguments);
    return `( ${exports.join('')}unset "\${!RUN_PLAN_STAGE_@}"
${program} 2>&${String(errorDescriptor(index))}${output} ${closing}
status=$?; echo "${String(index)} $status" >&${String(statusDescriptor)}
${stage.drains === true ? 'cat >/dev/null; ' : ''}exit "$status" )`;
  });
  return {
    script: `${subshells.join(' |\n')}\nprintf '%s\\n' "\${PIPESTATUS[*]}" >&${String(statusDescriptor)}\n`,
    positional,
    environment,
  };
}

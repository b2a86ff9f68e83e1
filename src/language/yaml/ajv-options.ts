import type { Options } from 'ajv';

/** How every schema is compiled, ours ahead of time and an operator's task's when it is loaded: all errors, strictly. */
export const ajvOptions = {
  allErrors: true,
  strict: true,
  strictRequired: false,
  allowUnionTypes: true,
  discriminator: true,
  verbose: true,
} as const satisfies Options;

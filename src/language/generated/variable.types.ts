// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * A setting that an environment variable gives: its text stands in place of this mapping before the setting is checked.
 */
export interface Variable {
  /**
   * Name of the environment variable.
   */
  env: string;
  /**
   * What the setting is when the variable is not set or empty.
   */
  default?: string | number | boolean;
  /**
   * Unit of a variable that holds a bare number.
   */
  unit?: string;
}

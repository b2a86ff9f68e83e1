/**
 * What a process exit status tells a caller: stable, documented in the README, tested.
 * The numbers are promise 7 of the design; no other file may invent one.
 */
export const exitCode = {
  done: 0,
  bug: 1,
  usage: 2,
  planInvalid: 10,
  notReady: 11,
  locked: 12,
  stepFailed: 20,
  checkFailed: 21,
  objectiveMissed: 22,
  alertFailed: 23,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

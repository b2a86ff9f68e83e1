// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * One line of a run's journal, runs/<plan>/<runId>.jsonl in the state folder: an event as it happened.
 */
export interface JournalLine {}

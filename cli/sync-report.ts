import type { FieldChanges } from '../domain/offer-difference.js';
import type { OfferSyncReport, OfferSyncRun, ReportedChange } from '../domain/offer-sync-run.js';
import { table } from './command.js';

/** Longer values are cut; the JSON has them whole. */
const LONGEST_VALUE = 60;

/** A run of the offer sync as people read it: how it went, and what changes from what to what, or why not. */
export function syncReport(report: OfferSyncReport): string {
  const { runId, dryRun, status, reason, changes } = report;
  const kind = dryRun ? 'Dry run' : 'Run';
  const head = `${kind} ${runId}: ${status}${reason === null ? '' : `, ${reason}`}.`;
  const nothingSent = dryRun ? ['Nothing was sent.'] : [];
  const rows = changes.flatMap(rowsOf);
  const list = rows.length === 0 ? [] : ['', table([['SKU', 'ACTION', 'CHANGE'], ...rows])];
  return [head, counts(report), ...nothingSent, ...list].join('\n');
}

function counts(run: OfferSyncRun): string {
  const { created, updated, deactivated, unchanged, skipped, failed } = run;
  const would = run.dryRun || run.status === 'awaiting_approval' ? 'would be ' : '';
  return (
    `${would}created ${created}, updated ${updated}, deactivated ${deactivated}, ` +
    `unchanged ${unchanged}, failed ${failed}${skipped === 0 ? '' : `, skipped ${skipped}`}`
  );
}

/** A line for each field, then the reason; the SKU stands before the first. */
function rowsOf({ sku, action, fields, reason }: ReportedChange): string[][] {
  const lines = [
    ...Object.entries(fields ?? {}).flatMap(fieldLines),
    ...(reason === undefined ? [] : [reason]),
  ];
  const [first = '', ...more] = lines;
  return [[sku ?? '(none)', action, first], ...more.map((line) => ['', '', line])];
}

/** An object is sent whole, but only the keys that change are worth reading. */
function fieldLines([name, { from, to }]: [string, FieldChanges[string]]): string[] {
  if (!isObject(from) || !isObject(to)) return [`${name}: ${inWords(from)} → ${inWords(to)}`];
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  return keys
    .filter((key) => JSON.stringify(from[key]) !== JSON.stringify(to[key]))
    .map((key) => `${name}.${key}: ${inWords(from[key])} → ${inWords(to[key])}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function inWords(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}

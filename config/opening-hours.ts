interface Span {
  written: string;
  /** Minutes after midnight. */
  from: number;
  to: number;
}

/** The fault in one day's opening hours (`HH:MM-HH:MM`, the end up to 24:00, none overlapping), if there is one. */
export function openingHoursFault(written: readonly string[]): string | undefined {
  const spans = written.map(toSpan);
  const wrong = spans.findIndex((span) => span === undefined);
  if (wrong >= 0) return `"${written[wrong]}" must be HH:MM-HH:MM, ending after it begins and by 24:00`;
  const sorted = inOrder(spans as Span[]);
  const clash = sorted.find((span, index) => index > 0 && span.from < (sorted[index - 1] as Span).to);
  return clash === undefined ? undefined : `"${clash.written}" overlaps the hours before it`;
}

/** The same hours, earliest first. */
export function sortedHours(written: readonly string[]): string[] {
  return inOrder(written.map(toSpan).filter((span) => span !== undefined)).map((span) => span.written);
}

function inOrder(spans: Span[]): Span[] {
  return [...spans].sort((a, b) => a.from - b.from);
}

function toSpan(written: string): Span | undefined {
  const match = /^([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/.exec(written);
  if (match === null) return undefined;
  const from = Number(match[1]) * 60 + Number(match[2]);
  const to = match[3] === undefined ? 24 * 60 : Number(match[3]) * 60 + Number(match[4]);
  return from < to ? { written, from, to } : undefined;
}

/** Whether this is a day of the calendar, written `YYYY-MM-DD`. */
export function isCalendarDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

/** Whether this machine knows the time zone by this IANA name. */
export function isTimeZone(name: string): boolean {
  try {
    return /^[A-Za-z]/.test(name) && new Intl.DateTimeFormat('en-US', { timeZone: name }).format(0) !== '';
  } catch {
    return false;
  }
}

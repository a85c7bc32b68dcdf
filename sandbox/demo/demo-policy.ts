/** Seconds from an order's creation; the policy below is made of them. */
export const WARNINGS_AFTER_S = [4, 8] as const;
const ACKNOWLEDGED_AFTER_S = 9;
export const DEADLINE_S = 12;

/**
 * The day that an order has, in twelve seconds. It counts for every order of the demo: long enough for the automatic
 * ones to be answered in time on a slow machine, short enough to watch one that is not.
 */
export const demoPolicy = {
  response: {
    deadline: `${DEADLINE_S}s`,
    warnBefore: WARNINGS_AFTER_S.map((after) => `${DEADLINE_S - after}s`),
    onBreach: 'alert',
  },
  acknowledgeAfter: `${ACKNOWLEDGED_AFTER_S}s`,
};

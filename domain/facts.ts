/** The keys resellers find in an update's metadata, always under these names. */
export const METADATA_KEYS = [
  'workOrderId',
  'appointmentWindow',
  'technicianName',
  'technicianPhone',
  'technicianId',
  'confirmationNumber',
  'accountNumber',
  'activationDate',
  'policyNumber',
  'effectiveDate',
  'trackingNumber',
] as const;
export type MetadataKey = (typeof METADATA_KEYS)[number];

/** What is known of the fulfilment so far. Sent whole each time: whether the platform merges or replaces is not documented. */
export type Facts = Partial<Record<MetadataKey, string>>;

/** Those of an event's or an answer's fields that are facts; empty text is none. */
export function factsIn(data: object): Facts {
  const facts: Facts = {};
  for (const key of METADATA_KEYS) {
    const value: unknown = (data as Record<string, unknown>)[key];
    if (typeof value === 'string' && value.trim() !== '') facts[key] = value.trim();
  }
  return facts;
}

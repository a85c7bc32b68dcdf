/** The platform's categories; its reference has no others. */
export const OFFER_CATEGORIES = [
  'internet',
  'television',
  'security',
  'energy',
  'insurance',
  'other',
] as const;
export type OfferCategory = (typeof OFFER_CATEGORIES)[number];

/** A field of `serviceSpecificData`: what it may hold, and whether the object may do without it. */
interface TypedField {
  holds: 'number' | 'text' | readonly string[];
  required?: true;
  orNull?: true;
}

/** The reference's typed names. Of the categories that are not here it shows no fields, so anything goes. */
const TYPED_FIELDS: Partial<Record<OfferCategory, Record<string, TypedField>>> = {
  internet: {
    minBandwidth: { holds: 'number', required: true },
    maxBandwidth: { holds: 'number', required: true },
    connectionType: {
      holds: ['fiber', 'cable', 'dsl', 'satellite', 'fixed_wireless', '5g_home'],
      required: true,
    },
    dataCap: { holds: 'number', orNull: true },
  },
  security: {
    monitoringType: { holds: ['professional_monitoring', 'self_monitoring', 'hybrid'], required: true },
    installationType: { holds: ['professional', 'diy'], required: true },
    equipmentIncluded: { holds: 'text', required: true },
  },
};

export function isOfferCategory(name: string): name is OfferCategory {
  return (OFFER_CATEGORIES as readonly string[]).includes(name);
}

/**
 * `serviceSpecificData` as the category wants it: numbers written as text become numbers, and a listed value may be
 * spelled its own way (`Fixed Wireless`). Keys the reference does not name stay as they are. The fields are required
 * inside the object, so no object at all is right as well. Problems name the field.
 */
export function checkServiceData(
  category: OfferCategory,
  data: Record<string, unknown>,
): { data: Record<string, unknown>; problems: string[] } {
  const fields = TYPED_FIELDS[category];
  if (fields === undefined || Object.keys(data).length === 0) return { data, problems: [] };
  const typed: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, field] of Object.entries(fields)) {
    const given = Object.hasOwn(data, name) ? data[name] : undefined;
    if (given === undefined && field.required === undefined) continue;
    typed[name] = typedValue(field, given);
    if (typed[name] === undefined) problems.push(`serviceSpecificData.${name}: ${wanted(field, given)}`);
  }
  return { data: { ...data, ...typed }, problems };
}

/** Undefined when the field cannot hold it. */
function typedValue({ holds, orNull }: TypedField, given: unknown): unknown {
  if (given === null) return orNull === true ? null : undefined;
  if (holds === 'number') return asAmount(given);
  if (holds === 'text') return asText(given);
  const spelled = asText(given)
    ?.toLowerCase()
    .replaceAll(/[\s-]+/g, '_');
  return holds.find((value) => value === spelled);
}

function wanted({ holds, orNull }: TypedField, given: unknown): string {
  if (given === undefined) return 'missing';
  if (typeof holds !== 'string') return `must be one of ${holds.join(', ')}`;
  return `must be ${holds === 'number' ? 'a number of at least 0' : 'text'}${orNull === true ? ', or null' : ''}`;
}

/** A number of at least 0, also when it is written as text; otherwise undefined. */
export function asAmount(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined;
}

/** Trimmed text that is not empty, also from a number; otherwise undefined. */
export function asText(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && text.trim() !== '' ? text.trim() : undefined;
}

import type { ServiceabilityQuery } from './requests.js';

/** Answer of `POST /serviceability`; null means that the system cannot tell. */
export interface Serviceability {
  serviceable: boolean | null;
  reason?: string | undefined;
  alternative?: string | undefined;
}

/** Rules as data. The first street that contains `contains` decides, then the list of ZIP codes, then yes. */
export interface ServiceabilityRules {
  streets?: { contains: string; answer: Serviceability }[] | undefined;
  /** When given, any other ZIP is out of the service area. */
  zipCodes?: string[] | undefined;
}

export type ServiceabilityAnswer = (query: ServiceabilityQuery) => Serviceability | Promise<Serviceability>;

/** No fiber at any "Nowhere" street, no telling at any "Unclear" one, yes everywhere else. */
export const sampleRules: ServiceabilityRules = {
  streets: [
    {
      contains: 'Nowhere',
      answer: {
        serviceable: false,
        reason: 'Building does not have fiber infrastructure.',
        alternative: 'Cable internet available as alternative.',
      },
    },
    { contains: 'Unclear', answer: { serviceable: null, reason: 'Address not found in the network map.' } },
  ],
};

/** Answers by rules. */
export function byRules(rules: ServiceabilityRules): ServiceabilityAnswer {
  return ({ serviceAddress }) => {
    const { street, zipCode } = serviceAddress;
    const named = rules.streets?.find(
      ({ contains }) => typeof street === 'string' && street.includes(contains),
    );
    if (named !== undefined) return named.answer;
    const covered = rules.zipCodes === undefined || rules.zipCodes.includes(String(zipCode));
    return covered ? { serviceable: true } : { serviceable: false, reason: 'Address outside service area.' };
  };
}

import { z } from 'zod';

const text = z.string();
const object = z.record(z.string(), z.unknown());

/** The fields of the published create and update calls, those that only a guide names among them. */
const fields = {
  category: z.enum(['internet', 'television', 'security', 'energy', 'insurance', 'other']),
  status: z.enum(['draft', 'active', 'inactive', 'archived']),
  sku: text.optional(),
  monthlyPrice: z.number().min(0).optional(),
  description: text.optional(),
  serviceSpecificData: object.optional(),
  internalName: text.optional(),
  internalDescription: text.optional(),
  externalId: text.optional(),
  metadata: object.optional(),
  marketingHeadline: text.optional(),
  marketingDescription: text.optional(),
  overview: text.optional(),
  imageUrl: text.optional(),
  keyFeatures: z.array(text).optional(),
  pricingType: z.enum(['fixed', 'variable', 'tiered', 'custom']).optional(),
  submissionUrl: text.optional(),
  submissionConfig: object.optional(),
  complianceData: object.optional(),
  complianceStatus: text.optional(),
  complianceNotes: text.optional(),
  visibility: z.enum(['public', 'preferred', 'selected']).optional(),
  allowedResellers: z.array(text).optional(),
};

/** Body of `POST /provider/offers`: only `name` is required, and a new offer is a draft. No field takes null. */
export const newOffer = z.looseObject({
  ...fields,
  name: text.min(1),
  category: fields.category.default('other'),
  status: fields.status.default('draft'),
});

/** Body of `PATCH /provider/offers/{id}`. */
export const offerChange = z.looseObject({ ...fields, name: text.min(1) }).partial();

/** An offer as the simulated platform keeps it: old ones may lack what is asked for now. Unknown keys are kept. */
export const offer = z.looseObject({
  id: text,
  name: text,
  category: fields.category,
  status: fields.status,
  sku: text.nullish(),
  monthlyPrice: z.number().nullish(),
  description: text.nullish(),
  serviceSpecificData: object.nullish(),
  metadata: object.nullish(),
  keyFeatures: fields.keyFeatures,
});
export type Offer = z.infer<typeof offer>;

/** `serviceSpecificData` by category, as far as the reference types it. */
const typedData: Partial<Record<Offer['category'], z.ZodType>> = {
  internet: z.looseObject({
    minBandwidth: z.number(),
    maxBandwidth: z.number(),
    connectionType: z.enum(['fiber', 'cable', 'dsl', 'satellite', 'fixed_wireless', '5g_home']),
    dataCap: z.number().nullable().optional(),
  }),
  security: z.looseObject({
    monitoringType: z.enum(['professional_monitoring', 'self_monitoring', 'hybrid']),
    installationType: z.enum(['professional', 'diy']),
    equipmentIncluded: text,
  }),
};

/** What is wrong with an offer's `serviceSpecificData` in its category. */
export function serviceDataFault({ category, serviceSpecificData }: Offer): z.ZodError | undefined {
  const data = typedData[category];
  if (data === undefined || serviceSpecificData == null) return undefined;
  return z.object({ serviceSpecificData: data }).safeParse({ serviceSpecificData }).error;
}

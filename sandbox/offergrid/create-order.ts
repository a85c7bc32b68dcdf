import { z } from 'zod';

const text = z.string();

/** `CreateOrderDto` of the published OpenAPI description. An order for no offer at all is refused too. */
export const createOrder = z.object({
  items: z.array(z.object({ offerId: text })).min(1),
  serviceAddress: z.object({ street: text, city: text, state: text, zipCode: text, country: text }),
  customerInfo: z.object({ fullName: text, email: text, phone: text }),
  notes: text.optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
});
export type CreateOrder = z.infer<typeof createOrder>;

/** The platform's order-validation error, naming the first wrong field (`items[0].offerId`). */
export function orderFault(error: z.ZodError): { error: string; field: string } {
  const issue = error.issues[0];
  const field = (issue?.path ?? []).reduce<string>(
    (path, part) =>
      typeof part === 'number' ? `${path}[${part}]` : path ? `${path}.${String(part)}` : String(part),
    '',
  );
  return { error: issue?.message ?? 'Invalid order', field };
}

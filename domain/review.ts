import type { Offer, OrderItem } from './order-item.js';

/** Something about the order a person has to look at before it can be answered. Names a field, never its content. */
export interface Finding {
  field: string;
  problem: string;
}

/**
 * What is missing or unusable; `unread` is an offer that could not be had. The platform's own advice for resellers is
 * loose (a name of 3 characters, any x@y.z, 10 digits in any formatting), so nothing here asks for more than a technician
 * needs to find and reach the customer.
 */
export function reviewItem(item: OrderItem, offer: Offer | null | 'unread'): Finding[] {
  const { customerInfo: customer, serviceAddress: address } = item;
  const findings: Finding[] = [];
  const need = (field: string, usable: boolean, problem: string) => {
    if (!usable) findings.push({ field, problem });
  };
  need('customerInfo.fullName', text(customer.fullName).length >= 2, 'missing or too short');
  need(
    'customerInfo',
    isEmail(text(customer.email)) || isPhone(text(customer.phone)),
    'neither a usable e-mail address nor a usable phone number',
  );
  need('serviceAddress.street', text(address.street).length >= 3, 'missing or too short');
  need('serviceAddress.city', text(address.city).length >= 2, 'missing');
  need('serviceAddress.state', text(address.state).length >= 2, 'missing');
  need(
    'serviceAddress.zipCode',
    isZip(text(address.zipCode), text(address.country)),
    'missing or not a postal code',
  );
  need('offerId', offer !== null, 'is not one of our offers');
  need('offerId', offer !== 'unread', 'is of an offer that cannot be read from Offergrid');
  return findings;
}

function text(value: string | null | undefined): string {
  return value?.trim() ?? '';
}

function isEmail(value: string): boolean {
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value);
}

function isPhone(value: string): boolean {
  return (value.match(/\d/g) ?? []).length >= 10;
}

/** A US address needs a ZIP or ZIP+4; elsewhere anything with a digit or two will do. Country is free text. */
function isZip(value: string, country: string): boolean {
  const american = country === '' || /^(us|usa|u\.s\.a?\.?|united states.*)$/i.test(country);
  return american ? /^\d{5}(-?\d{4})?$/.test(value) : /^[\p{L}\d][\p{L}\d -]{1,9}$/u.test(value);
}

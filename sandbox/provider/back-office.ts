import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { ActivationRequest, CustomerContact, WorkOrderRequest } from './requests.js';

/** A work order as the simulated field service keeps it. */
export interface WorkOrder extends WorkOrderRequest {
  workOrderId: string;
  createdAt: string;
  state: 'open' | 'cancelled';
  cancelReason: string | null;
}

/** A customer to be called. */
export interface Contact extends CustomerContact {
  createdAt: string;
}

/** An activation; `pending` ones were answered 202, and someone has to report them later. */
export interface Activation extends ActivationRequest {
  createdAt: string;
  pending: boolean;
  accountNumber?: string | undefined;
  policyNumber?: string | undefined;
  effectiveDate?: string | undefined;
}

/** What the simulated provider's CRM and field service remember, in memory; they tell of new work. */
export class BackOffice {
  readonly contacts: Contact[] = [];
  readonly workOrders: WorkOrder[] = [];
  readonly activations: Activation[] = [];
  /** Whether activations are answered 202 and finished later. */
  activateLater = false;
  readonly news = new EventEmitter<{ workOrder: [WorkOrder]; activation: [Activation] }>();

  addContact(contact: CustomerContact): void {
    this.contacts.push({ ...contact, createdAt: new Date().toISOString() });
  }

  addWorkOrder(request: WorkOrderRequest): WorkOrder {
    const workOrderId = `wo-${randomBytes(4).toString('hex')}`;
    const createdAt = new Date().toISOString();
    const workOrder: WorkOrder = { ...request, workOrderId, createdAt, state: 'open', cancelReason: null };
    this.workOrders.push(workOrder);
    this.news.emit('workOrder', structuredClone(workOrder));
    return workOrder;
  }

  /** False when there is no such work order. The first reason stays. */
  cancelWorkOrder(workOrderId: string, reason: string): boolean {
    const workOrder = this.workOrders.find((one) => one.workOrderId === workOrderId);
    if (workOrder === undefined) return false;
    if (workOrder.state === 'open') workOrder.cancelReason = reason;
    workOrder.state = 'cancelled';
    return true;
  }

  activate(request: ActivationRequest): Activation {
    const createdAt = new Date().toISOString();
    const number = randomBytes(3).readUIntBE(0, 3);
    const numbers =
      request.offer.category === 'insurance'
        ? { policyNumber: `POL-${number}`, effectiveDate: createdAt.slice(0, 10) }
        : { accountNumber: String(number) };
    const pending = this.activateLater;
    const activation: Activation = { ...request, createdAt, pending, ...(pending ? {} : numbers) };
    this.activations.push(activation);
    this.news.emit('activation', structuredClone(activation));
    return activation;
  }
}

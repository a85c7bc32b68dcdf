export { fulfillOrderItem } from './fulfill-order-item.js';
export { reconcileOrders } from './reconcile-orders.js';
export { sendNotification } from './send-notification.js';
export { syncOffers } from './sync-offers.js';

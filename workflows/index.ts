export { fulfillOrderItem } from './fulfill-order-item.js';
export { sendNotification } from './send-notification.js';

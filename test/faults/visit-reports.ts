/** What the field reports of one item's installation, each as an event under an id of its own. */
export function visitReports(itemId: string): { id: string; type: string; time: string; data: object }[] {
  const scheduledFor = '2031-01-15T13:00:00Z';
  const reports: [string, object][] = [
    ['appointment.scheduled', { scheduledFor, appointmentWindow: '1-5 PM', technicianName: 'Mike Johnson' }],
    ['installation.started', {}],
    ['installation.completed', { accountNumber: '12345', activationDate: '2031-01-15' }],
  ];
  return reports.map(([type, data], at) => ({
    id: `${itemId}-${at + 1}`,
    ...{ type, data, time: `2031-01-15T1${at}:00:00.000Z` },
  }));
}

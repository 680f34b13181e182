/** What the simulator answers against the schema, since Exchange does and clients read nothing else. Every other answer is valid. */
export const deviations = {
  streamingNotification: {
    operation: 'GetStreamingEvents',
    written: 'm:Notification',
    schema: 't:Notification',
    reason: 'Exchange writes the notifications of a stream in the messages namespace, and exchangelib reads only that.',
  },
} as const;

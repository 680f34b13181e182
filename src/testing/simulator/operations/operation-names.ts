/** The EWS operations that the simulator knows. */
export const operationNames = [
  'CreateItem',
  'SendItem',
  'FindItem',
  'GetItem',
  'DeleteItem',
  'GetFolder',
  'FindFolder',
  'CreateFolder',
] as const;

/** An EWS operation that the simulator knows. */
export type OperationName = (typeof operationNames)[number];

export function isOperationName(name: string): name is OperationName {
  return operationNames.some((known) => known === name);
}

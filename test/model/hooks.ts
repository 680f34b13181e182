import fc from 'fast-check';

/** What `beforeDelivery` does once. `dies`: the process dies during it. */
export type HookAnswer = 'deliver' | 'hold' | 'cancel' | 'throws' | 'hangs' | 'dies';

export const anyHookAnswer = fc.constantFrom<HookAnswer>('deliver', 'deliver', 'hold', 'cancel', 'throws', 'hangs', 'dies');

/** The whole sender with a server that omits optional parts of the schema, and loses responses as well. */
import { describe, expect, it } from 'vitest';
import type { Omission } from '../../../src/testing.ts';
import { alice, sendToSimulator } from '../../support/send-to-simulator.ts';

/** Responses as gromox gives them: no RootFolder if no folder matches, no distinguished Conversation History. */
const sparse = { conversationHistory: 'absent', omits: ['FindFolderResponseMessage/RootFolder:empty'] } as const;
const texts = (count: number): string[] => Array.from({ length: count }, (_, n) => `text ${n}`);

describe('a mailbox without Conversation History, on a server that omits RootFolder', () => {
  it('gets one, and every message is delivered once', async () => {
    await using scene = await sendToSimulator({ simulator: { profile: sparse } });
    for (const text of texts(60)) await scene.send(text);
    await scene.settle();
    // On a busy machine a response may come too late: then the note is probed, and found.
    expect(scene.events.filter((event) => event === 'delivered')).toHaveLength(60);
    expect(scene.inbox().length).toBe(60);
    const made = scene.exchange.mailbox(alice).folders.filter(({ displayName }) => displayName === 'Conversation History');
    expect(made.map(({ items }) => items.length)).toEqual([60]);
  });

  it('gets one, even if every third response is lost', async () => {
    await using scene = await sendToSimulator({ simulator: { profile: sparse } });
    scene.exchange.faults.on('CreateItem').every(3).lostResponse();
    for (const text of texts(30)) await scene.send(text);
    await scene.settle();
    expect(
      scene
        .inbox()
        .map((body) => /text \d+/.exec(body)?.[0])
        .sort(),
    ).toEqual(texts(30).sort());
  });
});

describe('an unreadable response', () => {
  it('to a look-up blocks the mailbox, with that reason', async () => {
    const omits: readonly Omission[] = ['Folder/FolderId'];
    await using scene = await sendToSimulator({ simulator: { profile: { conversationHistory: 'by-name', omits } } });
    const blocked = new Promise<unknown>((resolve) => scene.sender.on('lane:blocked', resolve));
    await scene.send('waits');
    await scene.sender.start();
    expect(await blocked).toMatchObject({ code: 'RESPONSE_UNREADABLE' });
    expect(scene.inbox()).toEqual([]);
  });

  it('with a copy but without its tag never leads to a second send', async () => {
    const omits: readonly Omission[] = ['Item/ExtendedProperty', 'Message/ExtendedProperty'];
    await using scene = await sendToSimulator({ simulator: { profile: { omits } } });
    scene.exchange.faults.on('CreateItem').once().lostResponse();
    await scene.send('once');
    await scene.sender.start();
    await new Promise<void>((resolve) => {
      const looked = setInterval(() => {
        if (scene.probes.length < 8) return;
        clearInterval(looked);
        resolve();
      }, 10);
    });
    expect(new Set(scene.probes)).toEqual(new Set(['unknown']));
    expect(scene.sends()).toBe(1);
    expect(scene.inbox()).toHaveLength(1);
  });
});

/** The Exchange of the demo: the simulator from `offline-im/testing`, with everything that goes wrong on the way. */
import { type ExchangeSimulator, startExchangeSimulator } from 'offline-im/testing';
import { type DemoData, firstLocations, mailboxOf } from './data.ts';

/** The account that the sending process logs in with; it may send for everybody. */
export const serviceAccount = { username: 'CONTOSO\\svc-offline-im', password: 'only on this loopback port' };

export interface DemoExchange {
  readonly simulator: ExchangeSimulator;
  /** From now on the next request that sends something calls `strike` and is then processed all the same, slowly. */
  killDuringNextRequest(strike: () => void): void;
}

/**
 * One organisation with mailboxes on both sides. Everybody gets one; those of other organisations too, so that what arrives there can be looked at.
 * The help desk's first request is told that the server is busy; the answer to the switchboard's first one is lost.
 */
export async function startExchange(data: DemoData): Promise<DemoExchange> {
  const locations = firstLocations(data);
  const mailboxes = data.people.map(({ sip, name }) => {
    const address = mailboxOf(data, sip);
    const location = locations.get(address);
    return { address, name, ...(location === undefined ? {} : { location }) };
  });
  const simulator = await startExchangeSimulator({
    mailboxes,
    organization: data.organization.domains,
    credentials: serviceAccount,
    profile: 'exchange-2016',
    // As Exchange Online does it: first in Drafts, then sent, and in Sent Items only after that.
    graph: { sendAfter: 100, moveAfter: 200 },
  });
  const ofMailbox = (address: string) => (request: { readonly body: string }) => fromElement(address).test(request.body);
  simulator.faults.on('CreateItem').when(ofMailbox('helpdesk@contoso.test')).once().serverBusy({ backOff: 1_200 });
  simulator.faults.on('sendMail').from('switchboard@contoso.test').once().lostResponse();
  return {
    simulator,
    killDuringNextRequest(strike) {
      let struck = false;
      const first = (): boolean => {
        if (struck) return false;
        struck = true;
        strike();
        return true;
      };
      // The request has arrived as a whole: what it carries will be stored and delivered, though nobody is left to read the answer.
      simulator.faults.on('CreateItem').when(first).delay(300);
    },
  };
}

function fromElement(address: string): RegExp {
  return new RegExp(`<t:From>(?:(?!</t:From>).)*<t:EmailAddress>${address.replaceAll('.', '\\.')}</t:EmailAddress>`, 's');
}

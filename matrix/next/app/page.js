'use client';
import { basicAuth, EwsTransport, MemorySpool, OfflineImSender } from 'offline-im';
import { useEffect, useState } from 'react';
import { entries } from '../browser-entries.mjs';

export default function Page() {
  const [state, setState] = useState(`${Object.values(entries).filter((entry) => Object.keys(entry).length > 0).length} entries`);
  useEffect(() => {
    const sender = new OfflineImSender({
      identity: { sip: 'sip:alice@contoso.com' },
      client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
      spool: new MemorySpool(),
      transport: new EwsTransport({
        url: 'https://mail.contoso.com/EWS/Exchange.asmx',
        credentials: basicAuth({ username: 'alice', password: 'x' }),
      }),
    });
    sender.send({ to: 'sip:bob@contoso.com', text: 'Are you there?' }).then(() => setState('spooled'));
    return () => void sender.stop();
  }, []);
  return <p>{state}</p>;
}
